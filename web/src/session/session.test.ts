import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person, Problem, Story } from '$/api/types';
import { keepWhereLeft, whereLeft } from '$/feed/snapshot';
import { forgetEverything } from '$/offline/db';
import { allUnsent, keepUnsent, type Unsent } from '$/offline/outbox';
import { kept, keptInTab } from '$/offline/settings';

const person = (id: string) => ({ id, handle: `p${id}`, display_name: `P ${id}`, bio: '', language: 'en' }) as Person;

let assign: ReturnType<typeof vi.fn>;
let session: typeof import('./index.svelte');

/** A server that answers these paths. */
function serves(answers: Record<string, object>): void {
  vi.stubGlobal('fetch', async (request: Request) => Response.json(answers[new URL(request.url).pathname]));
}

// Each test is a document of its own.
beforeEach(async () => {
  localStorage.clear();
  sessionStorage.clear();
  assign = vi.fn();
  vi.stubGlobal('location', { ...location, origin: location.origin, assign });
  vi.resetModules();
  session = await import('./index.svelte');
});

afterEach(() => vi.unstubAllGlobals());

describe('who uses this device', () => {
  it('is one person for as long as a document lives', () => {
    session.become(person('1'));
    session.become({ ...person('1'), bio: 'changed' });
    expect(assign).not.toHaveBeenCalled();
    session.become(person('2'));
    expect(assign).toHaveBeenCalledExactlyOnceWith('/');
    expect(session.me()?.id).toBe('1');
    expect(kept('me')).toContain('"id":"2"');
  });

  it('is asked anew when the session turns out to be another person\'s', () => {
    session.become(person('1'));
    session.otherPerson();
    session.otherPerson();
    expect(assign).toHaveBeenCalledExactlyOnceWith('/');
    expect(kept('me')).toBeNull();
  });

  it('is heard of from other tabs', () => {
    session.become(person('1'));
    session.heardOfPerson(JSON.stringify(person('1')));
    session.heardOfPerson(null);
    session.heardOfPerson('rubbish');
    expect(assign).not.toHaveBeenCalled();
    session.heardOfPerson(JSON.stringify(person('2')));
    expect(assign).toHaveBeenCalledExactlyOnceWith('/');
  });

  it('has the name that they gave themselves in another tab', () => {
    session.become(person('1'));
    session.heardOfPerson(JSON.stringify({ ...person('1'), display_name: 'Mina' }));
    expect(session.me()?.display_name).toBe('Mina');
    expect(assign).not.toHaveBeenCalled();
  });

  it('finds the place in the feed that they left, and not the place of another person', () => {
    keepWhereLeft({ person: '1', anchor: { key: '7', offset: 0 }, at: 1 });
    expect(whereLeft('1')?.anchor?.key).toBe('7');
    expect(whereLeft('2')).toBeNull();
  });

  it('is told at the log-in page that the session has ended, and comes back from there', async () => {
    session.become(person('1'));
    vi.stubGlobal('location', { ...location, pathname: '/stories/7', search: '', assign });
    await session.forget();
    expect(assign).toHaveBeenCalledExactlyOnceWith('/log-in?ended&next=%2Fstories%2F7');
    expect(kept('me')).toBeNull();
  });

  it('leaves nothing of the feed, also by what the page still does until the next one is there', async () => {
    const { keepSnapshot, keepWhereLeft, takeSnapshot, whereLeft } = await import('$/feed/snapshot');
    const snapshot = { stories: [], before: null, after: null, end: true, at: 1 };
    const left = { person: '1', anchor: { key: '7', offset: 0 }, at: 1 };
    session.become(person('1'));
    await keepSnapshot('1', snapshot);
    keepWhereLeft(left);
    await session.forget();
    await keepSnapshot('1', snapshot);
    keepWhereLeft(left);
    expect([await takeSnapshot('1'), whereLeft('1')]).toEqual([undefined, null]);
    await keepSnapshot('2', snapshot);
    expect(await takeSnapshot('2')).toEqual(snapshot);
  });

  it('begins with nothing of what a stranger was shown', async () => {
    const { keptFor } = await import('$/lists/paged.svelte');
    const { knownStory, live } = await import('$/stories/live.svelte');
    const list = keptFor('entry', 'public stories', () => ({}));
    live({ id: '7', author: person('2'), created_at: '2026-01-01T00:00:00.000Z' } as Story);
    session.become(person('1'));
    expect(keptFor('entry', 'public stories', () => ({}))).not.toBe(list);
    expect(knownStory('7')).toBeUndefined();
    const mine = keptFor('entry', 'mine', () => ({}));
    session.become(person('1'));
    expect(keptFor('entry', 'mine', () => ({}))).toBe(mine);
  });

  it.each(['logIn', 'signUp'] as const)('learns after %s what there is on this service', async (way) => {
    serves({ '/v1/start': { person: person('1'), public_page: true }, '/v1/sessions': { person: person('1') }, '/v1/people': { person: person('1') } });
    await session[way]('p1', 'P 1', 'password');
    await expect.poll(() => session.hasPublicPage()).toBe(true);
  });

  it('leaves no invitation for the next person who uses this tab', async () => {
    const { keepInvitation } = await import('$/people/invitation.svelte');
    const keptHere = () => keptInTab('invitation') !== null;
    serves({ '/v1/start': { person: null, public_page: false }, '/v1/sessions': { person: person('1') } });
    keepInvitation({ token: 't', inviter: person('3') });
    await session.askWho();
    expect(keptHere()).toBe(true);
    await session.logIn('p1', 'password');
    expect(keptHere()).toBe(false);
    keepInvitation({ token: 't', inviter: person('3') });
    await session.forget();
    expect(keptHere()).toBe(false);
  });

  it('is not told anything after logging out', async () => {
    vi.stubGlobal('fetch', async () => new Response(null, { status: 204 }));
    session.become(person('1'));
    await session.logOut();
    expect(assign).toHaveBeenCalledExactlyOnceWith('/log-in');
  });

  it('is not told anything either when another request is refused before the log-out is answered', async () => {
    vi.stubGlobal('fetch', async () => {
      await session.forget();
      return new Response(null, { status: 204 });
    });
    session.become(person('1'));
    await session.logOut();
    expect(assign).toHaveBeenCalledExactlyOnceWith('/log-in');
  });
});

describe('an account that is deleted', () => {
  const unsent = (of: string): Unsent => ({ key: `k${of}`, person: of, text: 'hello', audience: 'friends', at: 1, refused: null });

  /** What the server says to the deletion, and what happens before it does. */
  function says(status: number, problem: Partial<Problem> | null, before = async () => undefined as void): { body: unknown }[] {
    const asked: { body: unknown }[] = [];
    vi.stubGlobal('fetch', async (request: Request) => {
      expect(`${request.method} ${new URL(request.url).pathname}`).toBe('POST /v1/me/deletion');
      asked.push({ body: await request.json() });
      await before();
      return new Response(problem && JSON.stringify(problem), { status, headers: { 'Content-Type': 'application/problem+json' } });
    });
    return asked;
  }

  async function deletes(): Promise<void> {
    const { deleteAccount } = await import('./delete');
    await deleteAccount('my password');
  }

  beforeEach(async () => {
    const { whenSessionEnds } = await import('$/api/client');
    whenSessionEnds(() => void session.forget());
    session.become(person('1'));
    await forgetEverything();
    for (const of of ['1', '2']) await keepUnsent(unsent(of));
  });

  it('leaves nothing of the person on the device, and everything of others', async () => {
    const asked = says(204, null);
    await deletes();
    expect(asked).toEqual([{ body: { current: 'my password' } }]);
    expect(kept('me')).toBeNull();
    expect((await allUnsent()).map(({ key }) => key)).toEqual(['k2']);
    expect(assign).toHaveBeenCalledExactlyOnceWith('/log-in?deleted');
  });

  it('is said to be deleted also when another request is refused before the answer', async () => {
    says(204, null, () => session.forget());
    await deletes();
    expect(assign).toHaveBeenCalledExactlyOnceWith('/log-in?deleted');
  });

  it('takes the other tabs of this browser along', async () => {
    const { joinActs } = await import('./acts');
    joinActs('1');
    const other = new BroadcastChannel('sosik-acts-1');
    const heard: string[] = [];
    other.onmessage = ({ data }) => heard.push((data as { act: string }).act);
    says(204, null);
    await deletes();
    await expect.poll(() => heard).toEqual(['accountDeleted']);
    other.close();
  });

  it('in another tab ends this one too', async () => {
    const { joinActs } = await import('./acts');
    joinActs('1');
    const other = new BroadcastChannel('sosik-acts-1');
    other.postMessage({ act: 'accountDeleted', what: {} });
    await expect.poll(() => assign.mock.calls).toEqual([['/log-in?deleted']]);
    expect(kept('me')).toBeNull();
    other.close();
  });

  it('is as it was after a wrong password, and without an answer', async () => {
    says(422, { code: 'wrong_password', errors: [{ field: 'current', message: '…' }] });
    await expect(deletes()).rejects.toMatchObject({ code: 'wrong_password', fields: ['current'] });
    says(204, null, async () => Promise.reject(new TypeError('no network')));
    await expect(deletes()).rejects.toMatchObject({ code: 'offline' });
    expect(assign).not.toHaveBeenCalled();
    expect(session.me()?.id).toBe('1');
    expect((await allUnsent()).length).toBe(2);
  });

  it('is not said to be deleted when the session had ended before', async () => {
    says(401, { code: 'unauthenticated' });
    await expect(deletes()).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect.poll(() => assign.mock.calls).toEqual([[expect.stringMatching(/^\/log-in\?ended/)]]);
    expect((await allUnsent()).length).toBe(2);
  });
});
