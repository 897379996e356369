import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { answer, api, speakFor, whenOtherPerson } from './client';

let sent: Request[];
let status = 200;
let body: unknown = {};

beforeEach(() => {
  sent = [];
  [status, body] = [200, {}];
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push(request);
    return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  speakFor(null);
  whenOtherPerson(() => undefined);
});

const person = () => sent.at(-1)?.headers.get('Sosik-Person') ?? null;

describe('a request', () => {
  it('names the person it is meant for, when it reads and when it writes', async () => {
    speakFor('41');
    await answer(api.GET('/v1/feed'));
    expect(person()).toBe('41');
    await answer(api.PUT('/v1/stories/{story}/like', { params: { path: { story: '7' } } }));
    expect(person()).toBe('41');
    await answer(api.PATCH('/v1/me', { body: { bio: 'hello' } }));
    expect(person()).toBe('41');
  });

  it('names nobody when it asks who this is, or begins a session, or nobody is known', async () => {
    await answer(api.GET('/v1/feed'));
    expect(person()).toBeNull();
    speakFor('41');
    await answer(api.GET('/v1/me'));
    expect(person()).toBeNull();
    await answer(api.POST('/v1/sessions', { body: { handle: 'bo', password: 'x' } }));
    expect(person()).toBeNull();
  });

  it('that comes with the session of another person is told of', async () => {
    const told = vi.fn();
    whenOtherPerson(told);
    [status, body] = [409, { code: 'other_person' }];
    await expect(answer(api.GET('/v1/feed'))).rejects.toMatchObject({ code: 'other_person' });
    expect(told).toHaveBeenCalledOnce();
    [status, body] = [409, { code: 'friend_limit_yours' }];
    await expect(answer(api.GET('/v1/feed'))).rejects.toMatchObject({ code: 'friend_limit_yours' });
    expect(told).toHaveBeenCalledOnce();
  });
});
