import { describe, expect, it } from 'vitest';

import { Failure } from '$/api/failure';
import type { FeedPage, Story } from '$/api/types';

import { HomeFeed, type Ask } from './home.svelte';

function storyOf(id: number): Story {
  const author = { id: '1', handle: 'bo', display_name: 'Bo', bio: '', language: 'en' };
  const created_at = new Date(1_700_000_000_000 + id * 1000).toISOString();
  return { id: String(id), author, text: `story ${id}`, audience: 'friends', attachments: [], created_at, mentions: [], tags: [], likes: 0, comments: 0, liked: false } as Story;
}

/** A server that keeps its promises: pages down by id, and newer ones in the order in which they were delivered. */
class Server {
  delivered: number[] = [];
  hidden = new Set<number>();
  failing = false;
  lost = false;
  asked: Ask[] = [];

  constructor(...ids: number[]) {
    this.delivered = ids;
  }

  fetch = async (ask: Ask): Promise<FeedPage> => {
    this.asked.push(ask);
    if (this.failing) throw Failure.offline();
    const after = String(this.delivered.length);
    if (ask.after && !this.lost) {
      const since = this.delivered.slice(Number(ask.after), Number(ask.after) + ask.limit);
      const next = Number(ask.after) + since.length;
      return this.page(since, { after: String(next), before: null, end: next === this.delivered.length });
    }
    const all = this.delivered.filter((id) => !ask.before || ask.after || id < Number(ask.before)).sort((a, b) => b - a);
    const some = all.slice(0, ask.limit);
    const end = some.length === all.length;
    const page = this.page(some, { after: ask.before ? null : after, before: String(some.at(-1) ?? 0), end });
    return ask.after ? { ...page, reset: true } : page;
  };

  private page(ids: number[], rest: Pick<FeedPage, 'after' | 'before' | 'end'>): FeedPage {
    return { items: ids.filter((id) => !this.hidden.has(id)).map(storyOf), ...rest };
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const shown = (home: HomeFeed) => home.stories.filter((story) => !story.gone).map((story) => Number(story.id));
const waiting = (home: HomeFeed) => home.waiting.filter((story) => !story.gone).map((story) => Number(story.id));

async function toTheEnd(home: HomeFeed): Promise<void> {
  for (let page = 0; !home.end; page += 1) {
    if (page > 100) throw new Error('there is no end');
    await home.loadOlder();
  }
}

describe('the home feed', () => {
  it('is complete and in order down to the end', async () => {
    const home = new HomeFeed(new Server(...range(1000, 1199)).fetch);
    await home.start();
    await toTheEnd(home);
    expect(shown(home)).toEqual(range(1000, 1199).reverse());
  });

  it('keeps what comes in until it is asked for', async () => {
    const server = new Server(...range(2000, 2029));
    const home = new HomeFeed(server.fetch);
    await home.start();
    const before = home.stories;
    server.delivered.push(2050, 2051);
    home.arrived(storyOf(2050), '31');
    await home.checkNewer();
    expect(home.stories).toBe(before);
    expect(waiting(home)).toEqual([2051, 2050]);
    home.showWaiting();
    expect(shown(home).slice(0, 3)).toEqual([2051, 2050, 2029]);
    expect(home.waiting).toEqual([]);
  });

  it('puts a story that was delivered late into its place, and leaves one below the shown to paging', async () => {
    const server = new Server(...range(3000, 3099).filter((id) => id !== 3095 && id !== 3001));
    const home = new HomeFeed(server.fetch);
    await home.start();
    server.delivered.push(3095, 3001);
    await home.checkNewer();
    expect(waiting(home)).toEqual([3095]);
    home.showWaiting();
    await toTheEnd(home);
    expect(shown(home)).toEqual(range(3000, 3099).reverse());
  });

  it('does not take a page without stories for the end', async () => {
    const server = new Server(...range(4000, 4149));
    range(4080, 4129).forEach((id) => server.hidden.add(id));
    const home = new HomeFeed(server.fetch);
    await home.start();
    await home.loadOlder();
    expect(shown(home).at(-1)).toBeLessThan(4080);
  });

  it('says when older stories cannot be had, and goes on when they can', async () => {
    const server = new Server(...range(5000, 5059));
    const home = new HomeFeed(server.fetch);
    await home.start();
    server.failing = true;
    await home.loadOlder();
    expect(home.olderFailure?.code).toBe('offline');
    expect(shown(home)).toHaveLength(20);
    server.failing = false;
    await toTheEnd(home);
    expect(shown(home)).toHaveLength(60);
    expect(home.olderFailure).toBeNull();
  });

  it('asks once for older stories, however often it is told that the end is near', async () => {
    const server = new Server(...range(6000, 6099));
    const home = new HomeFeed(server.fetch);
    await home.start();
    await Promise.all([home.loadOlder(), home.loadOlder(), home.loadOlder()]);
    expect(server.asked).toHaveLength(2);
  });

  it('looks at everything down to the eye again when the server lost track, and hides what is gone', async () => {
    const server = new Server(...range(7000, 7299));
    const home = new HomeFeed(server.fetch);
    await home.start();
    await home.loadOlder();
    await home.loadOlder();
    await home.loadOlder();
    home.eye = () => '7180';
    server.hidden.add(7250).add(7181);
    server.delivered.push(7300);
    server.lost = true;
    await home.checkNewer();
    expect(waiting(home)).toEqual([7300]);
    expect(shown(home)).not.toContain(7250);
    expect(shown(home)).not.toContain(7181);
    expect(shown(home)).toContain(7180);
    home.showWaiting();
    await toTheEnd(home);
    expect(shown(home)).toEqual(range(7000, 7300).filter((id) => !server.hidden.has(id)).reverse());
  });

  it('looks again when the server does not know its cursor', async () => {
    const server = new Server(...range(7400, 7410));
    const home = new HomeFeed(async (ask) => {
      if (ask.after) throw new Failure('cursor_invalid', 400);
      return server.fetch(ask);
    });
    await home.start();
    server.delivered.push(7411);
    await home.checkNewer();
    expect(waiting(home)).toEqual([7411]);
    const failing = new HomeFeed(async (ask) => {
      if (ask.after) throw new Failure('internal', 500);
      return server.fetch(ask);
    });
    await failing.start();
    await expect(failing.checkNewer()).rejects.toMatchObject({ code: 'internal' });
  });

  it('brings what a new friend wrote into its place at once', async () => {
    const server = new Server(...range(8000, 8049).filter((id) => id % 2 === 0));
    const home = new HomeFeed(server.fetch);
    await home.start();
    server.delivered = range(8000, 8049);
    await home.renew();
    expect(shown(home)).toEqual(range(8000, 8049).reverse());
  });

  it('shows what one posts oneself at once, and once', async () => {
    const home = new HomeFeed(new Server(...range(9000, 9009)).fetch);
    await home.start();
    home.arrived(storyOf(9010), '11');
    home.add(storyOf(9010));
    expect(shown(home)[0]).toBe(9010);
    expect(home.waiting).toEqual([]);
  });

  it('keeps what one posts while the server is still answering without it', async () => {
    const server = new Server(...range(9100, 9109));
    let answer = () => {};
    let slow = true;
    const home = new HomeFeed(async (ask) => {
      const page = await server.fetch(ask);
      if (slow) await new Promise<void>((resolve) => (answer = resolve));
      return page;
    });
    const start = home.start();
    await Promise.resolve();
    home.add(storyOf(9110));
    server.delivered.push(9110);
    answer();
    await start;
    expect(shown(home)).toEqual(range(9100, 9110).reverse());

    const look = home.lookAgain();
    await Promise.resolve();
    home.add(storyOf(9111));
    home.arrived(storyOf(9112), '12');
    server.delivered.push(9111, 9112);
    answer();
    await look;
    slow = false;
    expect(shown(home)).toEqual(range(9100, 9111).reverse());
    expect(waiting(home)).toEqual([9112]);
  });

  it('never shows again what one has deleted, not even by an answer from before', async () => {
    const server = new Server(...range(9200, 9209));
    const home = new HomeFeed(server.fetch);
    await home.start();
    home.stories[0]!.delete();
    await home.lookAgain();
    expect(shown(home)).toEqual(range(9200, 9208).reverse());
  });

  it('is the same after it was kept and taken up again, with everything that came meanwhile', async () => {
    const server = new Server(...range(10_000, 10_999));
    const first = new HomeFeed(server.fetch);
    await first.start();
    for (let page = 0; page < 12; page += 1) await first.loadOlder();
    const kept = structuredClone(first.snapshot(1))!;
    expect(kept.stories.length).toBeGreaterThan(300);
    expect(kept.stories.length).toBeLessThanOrEqual(400);

    server.delivered.push(11_000);
    server.hidden.add(10_990);
    const later = new HomeFeed(server.fetch);
    await later.adopt(kept);
    later.eye = () => '10700';
    await later.lookAgain();
    later.showWaiting();
    await toTheEnd(later);
    expect(shown(later)).toEqual(range(10_000, 11_000).filter((id) => id !== 10_990).reverse());
  });

  it('finds the place where one was, also further down than what was kept', async () => {
    const server = new Server(...range(20_000, 20_999));
    const first = new HomeFeed(server.fetch);
    await first.start();
    const kept = first.snapshot(1)!;
    const later = new HomeFeed(server.fetch);
    await later.adopt(kept, '20300');
    expect(shown(later)).toContain(20_300);
    expect(shown(later)).toEqual(range(shown(later).at(-1)!, 20_999).reverse());
  });

  it('never skips or repeats, whatever happens in whatever order', async () => {
    let seed = 11;
    const chance = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 40; round += 1) {
      const base = 100_000 + round * 1000;
      const server = new Server(...range(base, base + 499).filter(() => chance(4) > 0));
      const home = new HomeFeed(server.fetch);
      home.eye = () => home.stories[chance(Math.max(1, home.stories.length))]?.id;
      await home.start();
      for (let step = 0; step < 30; step += 1) {
        const act = chance(9);
        const id = base + chance(600);
        if (act === 0 && !server.delivered.includes(id)) server.delivered.push(id);
        else if (act === 1) await home.loadOlder();
        else if (act === 2) await home.checkNewer();
        else if (act === 3) home.showWaiting();
        else if (act === 4) await home.lookAgain();
        else if (act === 5) server.hidden.add(id);
        else if (act > 6) await home.loadOlder();
        else server.lost = chance(3) === 0;
        const ids = home.stories.map((story) => Number(story.id));
        expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
      }
      server.lost = false;
      await home.lookAgain();
      home.showWaiting();
      await toTheEnd(home);
      expect(shown(home)).toEqual(server.delivered.filter((id) => !server.hidden.has(id)).sort((a, b) => b - a));
    }
  });
});
