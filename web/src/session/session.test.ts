import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person, Story } from '$/api/types';
import { keepWhereLeft, whereLeft } from '$/feed/snapshot';
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
