import { describe, expect, it } from 'vitest';

import { Failure } from '$/api/failure';
import { takeOffHome } from '$/stories/live.svelte';

import { HomeFeed, isShown } from './home.svelte';
import { range, Restored, Server, storyOf } from './test-server';

const shown = (home: HomeFeed) => home.stories.filter(isShown).map((story) => Number(story.id));
const waiting = (home: HomeFeed) => home.waiting.filter(isShown).map((story) => Number(story.id));

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

  it('asks again what came before a story of the live stream when it could not be asked', async () => {
    const server = new Server(...range(2100, 2119));
    const home = new HomeFeed(server.fetch);
    await home.start();
    server.delivered.push(2120, 2121);
    server.failing = true;
    const checking = home.checkNewer();
    home.arrived(storyOf(2121), '22');
    await expect(checking).rejects.toMatchObject({ code: 'offline' });
    server.failing = false;
    await home.checkNewer();
    expect(waiting(home)).toEqual([2121, 2120]);
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
    later.eye = () => '20300';
    await later.adopt(kept);
    expect(shown(later)).toContain(20_300);
    expect(shown(later)).toEqual(range(shown(later).at(-1)!, 20_999).reverse());
  });

  it('finds the place where one was when nothing was kept, before it shows anything', async () => {
    const server = new Server(...range(21_000, 21_999));
    const home = new HomeFeed(server.fetch);
    home.eye = () => '21300';
    const phases: string[] = [];
    home.moveEye = (key) => phases.push(`${key} ${home.phase}`);
    await home.start();
    expect(shown(home)).toContain(21_300);
    expect(shown(home)).toEqual(range(shown(home).at(-1)!, 21_999).reverse());
    expect([phases, home.phase]).toEqual([['21300 starting'], 'ready']);
  });

  it('begins with enough stories below the place to fill a window', async () => {
    const server = new Server(...range(23_000, 23_999));
    for (const eye of [23_985, 23_984, 23_981]) {
      const home = new HomeFeed(server.fetch);
      home.eye = () => String(eye);
      await home.start();
      expect(shown(home).at(-1)).toBeLessThanOrEqual(eye - 10);
    }
    const near = new HomeFeed(server.fetch);
    near.eye = () => '23990';
    await near.start();
    expect(shown(near)).toHaveLength(20);
  });

  it('moves the eye to the next older story when the story of the place is gone', async () => {
    const server = new Server(...range(22_000, 22_999));
    range(22_795, 22_800).forEach((id) => server.hidden.add(id));
    const home = new HomeFeed(server.fetch);
    let eye = '22800';
    home.eye = () => eye;
    home.moveEye = (key) => (eye = key);
    await home.start();
    expect(eye).toBe('22794');
    expect(server.asked.length).toBeLessThan(5);
  });

  it('begins at the top when the place is too far down or cannot be reached', async () => {
    const server = new Server(...range(30_000, 35_999));
    const far = new HomeFeed(server.fetch);
    far.eye = () => '30001';
    await far.start();
    expect([far.phase, server.asked.length]).toEqual(['ready', 21]);
    const cut = new HomeFeed(async (ask) => {
      if (ask.before) throw Failure.offline();
      return server.fetch(ask);
    });
    cut.eye = () => '30001';
    await cut.start();
    expect([cut.phase, shown(cut).length]).toEqual(['ready', 20]);
  });

  it('has no gap when the first page comes while the place is looked for below what was kept', async () => {
    const server = new Server(...range(40_000, 40_999));
    const first = new HomeFeed(server.fetch);
    await first.start();
    const kept = first.snapshot(1)!;
    server.delivered.push(...range(41_000, 43_999));
    const home = new HomeFeed(server.fetch);
    home.eye = () => '40500';
    await Promise.all([home.adopt(kept), home.checkNewer()]);
    const there = [...waiting(home), ...shown(home)];
    expect(there).toContain(40_500);
    expect(there).toEqual(range(there.at(-1)!, 43_999).reverse());
  });

  it('does not go back to what was kept when the server was faster', async () => {
    const server = new Server(...range(44_000, 44_099));
    const first = new HomeFeed(server.fetch);
    await first.start();
    const kept = first.snapshot(1)!;
    server.delivered.push(44_100);
    const home = new HomeFeed(server.fetch);
    await home.start();
    await home.adopt(kept);
    expect([shown(home)[0], home.after, home.savedAt]).toEqual([44_100, '101', null]);
  });

  it('leaves nothing out when it looks again while older stories are on their way', async () => {
    const server = new Server(...range(50_000, 50_499));
    let older = () => {};
    let slow = false;
    const home = new HomeFeed(async (ask) => {
      const page = await server.fetch(ask);
      if (slow && ask.before) await new Promise<void>((resolve) => (older = resolve));
      return page;
    });
    await home.start();
    for (let page = 0; page < 5; page += 1) await home.loadOlder();
    slow = true;
    const loading = home.loadOlder();
    await home.lookAgain();
    slow = false;
    older();
    await loading;
    await toTheEnd(home);
    expect(shown(home)).toEqual(range(50_000, 50_499).reverse());
  });

  it('goes on with a new cursor when the server does not know the old one', async () => {
    const restored = new Restored(...range(60_000, 60_199));
    const home = new HomeFeed(restored.fetch);
    await home.start();
    await home.loadOlder();
    restored.era += 1;
    await home.loadOlder();
    expect(home.olderFailure).toBeNull();
    await toTheEnd(home);
    expect(shown(home)).toEqual(range(60_000, 60_199).reverse());
  });

  it('does not ask again and again when the server knows no cursor at all', async () => {
    const restored = new Restored(...range(61_000, 61_199));
    const home = new HomeFeed(restored.fetch);
    await home.start();
    restored.knowsNone = true;
    const before = restored.asked.length;
    await home.loadOlder();
    expect(home.olderFailure?.code).toBe('cursor_invalid');
    expect(restored.asked.length - before).toBeLessThan(5);
  });

  it('finds the place where one was also when the server does not know the cursor that was kept', async () => {
    const restored = new Restored(...range(62_000, 62_999));
    const first = new HomeFeed(restored.fetch);
    await first.start();
    const kept = first.snapshot(1)!;
    restored.era += 1;
    const later = new HomeFeed(restored.fetch);
    later.eye = () => '62500';
    await later.adopt(kept);
    expect(shown(later)).toContain(62_500);
    expect(shown(later)).toEqual(range(shown(later).at(-1)!, 62_999).reverse());
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

  it('leaves the stories of a muted person on their profile, and has them again when they are unmuted', async () => {
    const server = new Server(...range(1, 5));
    const home = new HomeFeed(server.fetch);
    await home.start();
    takeOffHome(storyOf(1).author.id);
    expect(shown(home)).toEqual([]);
    for (let id = 1; id <= 5; id += 1) server.hidden.add(id);
    await home.lookAgain();
    expect(shown(home)).toEqual([]);
    expect(home.stories.every((story) => !story.gone)).toBe(true);
    server.hidden.clear();
    await home.renew();
    expect(shown(home)).toEqual([5, 4, 3, 2, 1]);
  });
});
