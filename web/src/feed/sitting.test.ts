import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person, StoryState } from '$/api/types';
import { whenCommented } from '$/comments/watch';
import { keepUnsent } from '$/offline/outbox';
import { askUnread, unreadNotifications } from '$/notifications/unread.svelte';
import { answered } from '$/parts/network.svelte';
import { onScreen } from '$/stories/on-screen';
import { unsent } from '$/stories/outbox.svelte';

import { HomeFeed, isShown, type Ask } from './home.svelte';
import { Sitting } from './sitting.svelte';
import { keepSnapshot, keepWhereLeft, takeSnapshot } from './snapshot';
import { LiveStream } from './stream';
import { range, Restored, storyOf } from './test-server';

/** A person of their own for each test: a sitting that has ended still keeps its feed when there is time. */
let me: Person;
let people = 0;

/** A live stream that the test answers. */
class Source extends EventTarget {
  static opened: Source[] = [];
  readyState = 0;
  onerror: (() => void) | null = null;
  constructor(readonly address: string) {
    super();
    Source.opened.push(this);
  }
  close() {
    this.readyState = 2;
  }
  say(event: string, data: unknown, lastEventId = '') {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data), lastEventId }));
  }
  /** An answer that is no stream. */
  reject() {
    this.readyState = 2;
    this.onerror?.();
  }
}

let server: Restored;
let unread: number;

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

async function feed(url: URL): Promise<Response> {
  const ask = Object.fromEntries(url.searchParams) as unknown as Ask;
  return server.fetch({ ...ask, limit: Number(ask.limit) }).then(
    (page) => json(page),
    (failure: { code: string; status: number }) => json({ code: failure.code }, failure.status),
  );
}

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  people += 1;
  me = { id: String(people), handle: 'mina', display_name: 'Mina', bio: '', language: 'en' } as Person;
  server = new Restored(...range(1000, 1399));
  Source.opened = [];
  unread = 0;
  answered(true);
  vi.stubGlobal('EventSource', Source);
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    if (url.pathname === '/v1/feed') return feed(url);
    if (url.pathname === '/v1/notifications') return json({ items: [], end: true, unread });
    return json(url.pathname === '/v1/feed/read-position' ? { story: null } : {});
  });
});

afterEach(() => vi.unstubAllGlobals());

async function begun(): Promise<Sitting> {
  const sitting = new Sitting(me);
  await sitting.begin();
  return sitting;
}

/** The streams of this test: sittings of earlier ones still keep theirs open. */
const mine = () => Source.opened.filter(({ address }) => address.includes(`person=${me.id}&`));
const ids = ({ home }: Sitting) => home.stories.map((story) => Number(story.id));
const left = (key: number, at = Date.now()) => keepWhereLeft({ person: me.id, anchor: { key: String(key), offset: -12 }, at });

/** The feed as the device keeps it, from when it had these stories. */
async function keep(...stories: number[]): Promise<void> {
  const home = new HomeFeed(new Restored(...stories).fetch);
  await home.start();
  await keepSnapshot(me.id, structuredClone(home.snapshot(Date.now())!));
}

describe('a sitting', () => {
  it('begins at the top', async () => {
    const sitting = await begun();
    expect(ids(sitting)).toEqual(range(1380, 1399).reverse());
    expect(sitting.memory.anchor).toBeNull();
  });

  it('begins where one was when the device kept nothing of the feed', async () => {
    left(1200);
    const sitting = await begun();
    expect(sitting.memory.anchor).toEqual({ key: '1200', offset: -12 });
    expect(ids(sitting)).toContain(1200);
  });

  it('begins where one was when the device kept the feed from before that story', async () => {
    await keep(...range(1000, 1299));
    left(1390);
    const sitting = await begun();
    expect(sitting.memory.anchor).toEqual({ key: '1390', offset: -12 });
    expect(ids(sitting)).toEqual(range(1380, 1399).reverse());
  });

  it('begins where one was when the device kept the feed, and shows it at once', async () => {
    await keep(...range(1000, 1299));
    left(1290);
    const sitting = await begun();
    expect(sitting.memory.anchor).toEqual({ key: '1290', offset: -12 });
    expect(ids(sitting)).toEqual(range(1280, 1299).reverse());
  });

  it('begins at the next older story when the one where one was is gone', async () => {
    server.hidden.add(1200);
    left(1200);
    expect((await begun()).memory.anchor).toEqual({ key: '1199', offset: -12 });
  });

  it('begins at the top when one was away for long', async () => {
    left(1200, Date.now() - 31 * 60_000);
    const sitting = await begun();
    expect(sitting.memory.anchor).toBeNull();
    expect(ids(sitting)).toEqual(range(1380, 1399).reverse());
  });

  it('begins at the top in a new tab, wherever another tab is', async () => {
    left(1200);
    sessionStorage.clear();
    expect((await begun()).memory.anchor).toBeNull();
  });

  it('begins where one was in the installed app, which has no tabs', async () => {
    left(1200);
    sessionStorage.clear();
    vi.stubGlobal('matchMedia', (query: string) => ({ matches: query.includes('standalone') }));
    expect((await begun()).memory.anchor).toEqual({ key: '1200', offset: -12 });
  });

  it('shows what was not sent before the server has answered', async () => {
    const one = { key: `k${me.id}`, person: me.id, text: 'not sent', audience: 'friends' as const, at: 1, refused: null };
    await keepUnsent(one);
    vi.stubGlobal('fetch', () => new Promise(() => undefined));
    void new Sitting(me).begin();
    await expect.poll(() => unsent().map(({ key }) => key)).toContain(one.key);
  });

  it('replaces the feed that the device keeps by an empty one', async () => {
    await keep(...range(1000, 1299));
    server = new Restored();
    await begun();
    await expect.poll(async () => (await takeSnapshot(me.id))?.stories, { timeout: 10_000 }).toEqual([]);
  });

  it('shows the empty feed that the device keeps when the server does not answer', async () => {
    await keepSnapshot(me.id, { stories: [], before: null, after: null, end: true, at: 1 });
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    vi.stubGlobal('navigator', { ...navigator, onLine: false });
    const { home } = await begun();
    expect([home.phase, home.stories.length, home.end]).toEqual(['ready', 0, true]);
  });

  it('opens the live stream with a new cursor when the server does not know the old one', async () => {
    const sitting = await begun();
    expect(mine().at(-1)?.address).toContain('last_event_id=400');
    server.delivered.push(1400);
    mine().at(-1)?.reject();
    await expect.poll(() => sitting.home.after).toBe('401');
    await expect.poll(() => mine().length, { timeout: 10_000 }).toBe(2);
    expect(mine().at(-1)?.address).toContain('last_event_id=401');
  }, 30_000);

  it('shows notifications that came after they were counted and before the live stream was open', async () => {
    const sitting = begun();
    await askUnread();
    expect(unreadNotifications()).toBe(0);
    await sitting;
    mine().at(-1)?.say('hello', { unread: 1 }, '400');
    await expect.poll(unreadNotifications).toBe(1);
  });

  it('shows notifications that came while the live stream was interrupted', async () => {
    await begun();
    mine().at(-1)?.say('hello', { unread: 0 }, '400');
    mine().at(-1)?.say('notifications', { unread: 1 });
    mine().at(-1)?.say('hello', { unread: 3 }, '400');
    await expect.poll(unreadNotifications).toBe(3);
  });

  it('asks what came since when the live stream goes on from where another tab is', async () => {
    const sitting = await begun();
    server.delivered.push(1400, 1401);
    // Another tab has seen both without the stream.
    mine().at(-1)?.say('hello', { unread: 0 }, '402');
    await expect.poll(() => sitting.home.waiting.map(({ id }) => id)).toEqual(['1401', '1400']);
    expect(sitting.home.after).toBe('402');
  });

  describe('while it is open', () => {
    const gone = (id: string) => ({ id, home: false, story: null });
    let states: Map<string, StoryState>;
    let asked: string[];

    beforeEach(() => {
      const others = globalThis.fetch;
      states = new Map();
      asked = [];
      vi.stubGlobal('fetch', async (request: Request) => {
        const url = new URL(request.url);
        if (url.pathname !== '/v1/stories') return others(request);
        asked.push(...(url.searchParams.get('ids') ?? '').split(','));
        const items = asked.map((id) => states.get(id) ?? { id, home: true, story: storyOf(Number(id)) });
        return json({ items });
      });
    });

    it('names the stories around the eye, and asks for them once the stream is open', async () => {
      const sitting = await begun();
      const watched = new URL(mine().at(-1)!.address, 'http://x').searchParams.get('watch')?.split(',');
      expect(watched).toEqual(range(1380, 1399).reverse().map(String));
      states.set('1399', gone('1399'));
      states.set('1398', { id: '1398', home: false, story: storyOf(1398) });
      mine().at(-1)?.say('hello', { unread: 0 }, '400');
      await expect.poll(() => sitting.home.stories.filter(isShown).length).toBe(18);
      expect(asked).toEqual(watched);
    });

    it('has comments asked for again once the stream is open, also after an interruption', async () => {
      const told: string[] = [];
      const stop = whenCommented((story) => void told.push(story));
      await begun();
      mine().at(-1)?.say('hello', { unread: 0 }, '400');
      expect(told.slice(0, 2)).toEqual(['1399', '1398']);
      told.length = 0;
      mine().at(-1)?.say('hello', { unread: 0 }, '400');
      expect(told).toContain('1399');
      stop();
    });

    it('takes away what is gone, and brings it back, and counts never go back', async () => {
      const { home } = await begun();
      const say = (state: StoryState) => mine().at(-1)?.say('changed', state);
      const at = (revision: number, likes: number) => ({ ...storyOf(1390), revision, likes });
      const story = home.stories.find(({ id }) => id === '1390')!;
      say({ id: '1390', home: true, story: at(5, 3) });
      expect(story.shown.likes).toBe(3);
      say({ id: '1390', home: true, story: at(4, 2) });
      expect(story.shown.likes).toBe(3);
      say(gone('1390'));
      expect(isShown(story)).toBe(false);
      say({ id: '1390', home: false, story: at(6, 1) });
      expect([story.gone, isShown(story)]).toEqual([false, false]);
      say({ id: '1390', home: true, story: at(7, 2) });
      expect([isShown(story), story.shown.likes]).toEqual([true, 2]);
    });

    it('keeps an empty page in place of the one that the device had', async () => {
      server.delivered = [1000, 1001];
      await keep(1000, 1001);
      const { home } = await begun();
      expect(home.end).toBe(true);
      server.delivered = [];
      for (const id of ['1000', '1001']) mine().at(-1)?.say('changed', gone(id));
      await expect.poll(async () => (await takeSnapshot(me.id))?.stories.length, { timeout: 10_000 }).toBe(0);
    }, 30_000);

    it('keeps the text of an edit in place of the one from before', async () => {
      await begun();
      await expect.poll(async () => (await takeSnapshot(me.id))?.stories.length, { timeout: 10_000 }).toBe(20);
      const story = { ...storyOf(1390), text: 'edited', edited_at: '2026-01-01T00:00:00.000Z' };
      const fetch = server.fetch;
      server.fetch = async (ask) => {
        const page = await fetch(ask);
        return { ...page, items: page.items.map((one) => (one.id === '1390' ? story : one)) };
      };
      mine().at(-1)?.say('changed', { id: '1390', home: true, story });
      const kept = async () => (await takeSnapshot(me.id))?.stories.find(({ id }) => id === '1390')?.text;
      await expect.poll(kept, { timeout: 10_000 }).toBe('edited');
    }, 30_000);
  });

  it('closes the live stream as soon as nobody looks where tabs cannot share one, and opens it again', async () => {
    await begun();
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(mine().at(-1)?.readyState).toBe(2);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    await expect.poll(() => mine().at(-1)?.readyState).toBe(0);
  });

  it('leaves the room to other tabs while it is hidden, and when it goes', async () => {
    const watch = vi.spyOn(LiveStream.prototype, 'watch');
    const stop = onScreen('1399');
    await begun();
    expect(watch.mock.lastCall).toEqual([['1399'], range(1380, 1399).reverse().map(String)]);
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(watch.mock.lastCall?.[0]).toEqual([]);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(watch.mock.lastCall?.[0]).toEqual(['1399']);
    await expect.poll(() => mine().at(-1)?.readyState).toBe(0);
    dispatchEvent(new Event('pagehide'));
    expect(watch.mock.lastCall).toEqual([[]]);
    stop();
  });

  it('opens no live stream in a hidden tab where tabs cannot share one', async () => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await begun();
    expect(mine()).toEqual([]);
  });
});
