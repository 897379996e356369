import { beforeEach, describe, expect, it } from 'vitest';

import { forgetEverything, put, take } from './db';
import { allUnsent, dropUnsent, forgetPerson, keepUnsent, sendOnce, type Unsent } from './outbox';

const unsent = (key: string, at: number, person = '1'): Unsent => ({ key, person, text: 'hello', audience: 'friends', at, refused: null });
const answering = (status: number, body: unknown = {}) => async () => new Response(JSON.stringify(body), { status });

beforeEach(forgetEverything);

describe('stories on their way', () => {
  it('are kept on the device, oldest first, each for its own person', async () => {
    await keepUnsent(unsent('b', 2));
    await keepUnsent(unsent('a', 3));
    await keepUnsent(unsent('c', 1, '2'));
    expect((await allUnsent('1')).map(({ key }) => key)).toEqual(['b', 'a']);
    await dropUnsent({ key: 'b' });
    expect((await allUnsent()).map(({ key }) => key)).toEqual(['c', 'a']);
  });

  it('carry their key, so that sending twice posts once', async () => {
    const requests: RequestInit[] = [];
    await sendOnce(unsent('the-key', 1), async (_address, request) => {
      requests.push(request!);
      return new Response('{"id":"9"}', { status: 201 });
    });
    expect(requests[0]?.headers).toMatchObject({ 'Idempotency-Key': 'the-key', 'Sosik-Person': '1' });
    expect(JSON.parse(String(requests[0]?.body))).toEqual({ text: 'hello', audience: 'friends' });
  });

  it.each([
    [201, { id: '9' }, { story: { id: '9' } }],
    [422, { code: 'story_text_too_long' }, { refused: 'story_text_too_long' }],
    [401, {}, 'logged-out'],
    [409, { code: 'other_person' }, 'other-person'],
    [429, {}, 'later'],
    [500, {}, 'later'],
    [503, {}, 'later'],
  ])('an answer of %i means what it says', async (status, body, result) => {
    expect(await sendOnce(unsent('k', 1), answering(status, body))).toEqual(result);
  });

  it('wait when there is no answer at all', async () => {
    const cut = async () => Promise.reject(new TypeError('no network'));
    expect(await sendOnce(unsent('k', 1), cut)).toBe('later');
  });

  it('of one person leave the device without those of another', async () => {
    await keepUnsent(unsent('mine', 1, '1'));
    await keepUnsent(unsent('theirs', 2, '12'));
    for (const person of ['1', '12']) {
      await put('drafts', `${person} story`, { text: `of ${person}`, audience: 'friends' });
      await put('feeds', person, { stories: [] });
    }
    await forgetPerson('1');
    expect((await allUnsent()).map(({ key }) => key)).toEqual(['theirs']);
    expect(await take('drafts', '1 story')).toBeUndefined();
    expect(await take('drafts', '12 story')).toMatchObject({ text: 'of 12' });
    expect([await take('feeds', '1'), await take('feeds', '12')]).toEqual([undefined, { stories: [] }]);
  });
});
