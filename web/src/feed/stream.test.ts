import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LiveStream, type Listener } from './stream';
import type { JoinTabs } from './tabs';

class FakeSource extends EventTarget {
  readyState = 1;
  onerror: (() => void) | null = null;
  constructor(readonly address: string) {
    super();
  }
  close() {
    this.readyState = 2;
  }
  say(event: string, data: unknown, lastEventId = '') {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data), lastEventId }));
  }
}

let sources: FakeSource[];
let heard: unknown[];
let stream: LiveStream;
const latest = () => sources.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  sources = [];
  heard = [];
  const listener: Listener = {
    opened: (position, watched) => heard.push(['opened', position, ...watched]),
    changed: (state) => heard.push(['changed', state.id]),
    commented: (story) => heard.push(['commented', story]),
    story: (json, after) => heard.push(['story', json, after]),
    notifications: (unread) => heard.push(['notifications', unread]),
    reset: () => heard.push(['reset']),
    bye: () => heard.push(['bye']),
  };
  stream = new LiveStream('41', listener, null, (address) => {
    const source = new FakeSource(address);
    sources.push(source);
    return source as unknown as EventSource;
  });
});

afterEach(() => vi.useRealTimers());

describe('the live stream', () => {
  it('tells what happens, with the cursor behind it', () => {
    stream.open('c1');
    latest().say('hello', { unread: 0 }, 'c1');
    latest().say('story', { id: '7' }, 'c2');
    latest().say('notifications', { unread: 3 });
    latest().say('reset', {}, 'c3');
    expect(heard).toEqual([['opened', 'c1'], ['notifications', 0], ['story', { id: '7' }, 'c2'], ['notifications', 3], ['reset']]);
    expect(latest().address).toBe('/v1/feed/stream?person=41&last_event_id=c1');
  });

  it('tells the number of unread notifications whenever the connection is new: changes from before do not come', () => {
    stream.open('c1');
    latest().say('hello', { unread: 1 }, 'c1');
    expect(heard).toEqual([['opened', 'c1'], ['notifications', 1]]);
    // After a cut.
    latest().say('hello', { unread: 2 }, 'c1');
    expect(heard.at(-1)).toEqual(['notifications', 2]);
  });

  it('names the stories on the screen, and tells what happens to them', () => {
    stream.watch(['7', '8']);
    stream.open('c1');
    expect(latest().address).toBe('/v1/feed/stream?person=41&last_event_id=c1&watch=7,8');
    latest().say('hello', { unread: 0 }, 'c1');
    latest().say('changed', { id: '7', home: false, story: null });
    latest().say('comments', { story: '8' });
    expect(heard).toEqual([['opened', 'c1', '7', '8'], ['notifications', 0], ['changed', '7'], ['commented', '8']]);
  });

  it('is made anew for other stories, seldom, and not when they are among those it is for', () => {
    stream.watch(['7', '8']);
    stream.open('c1');
    latest().say('hello', { unread: 0 }, 'c1');
    stream.watch(['8']);
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
    for (let id = 9; id < 30; id += 1) {
      stream.watch([`${id}`]);
      vi.advanceTimersByTime(500);
    }
    expect(sources.length).toBeLessThanOrEqual(4);
    vi.advanceTimersByTime(5_000);
    expect(sources[0]?.readyState).toBe(2);
    expect(latest().address).toContain('watch=29');
    const before = heard.length;
    latest().say('hello', { unread: 0 }, 'c1');
    expect(heard.slice(before)).toEqual([['opened', 'c1', '29']]);
  });

  it('names at most so many stories as the server takes', () => {
    stream.watch(Array.from({ length: 80 }, (_, index) => `${index + 1}`));
    stream.open('c1');
    expect(new URL(latest().address, 'http://x').searchParams.get('watch')?.split(',')).toHaveLength(50);
  });

  it('comes back from where it was after the server said goodbye', () => {
    stream.open('c1');
    latest().say('story', { id: '7' }, 'c2');
    latest().say('bye', {});
    expect(heard.at(-1)).toEqual(['bye']);
    expect(latest().readyState).toBe(2);
    vi.advanceTimersByTime(2_000);
    expect(sources).toHaveLength(2);
    expect(latest().address).toContain('last_event_id=c2');
  });

  it('waits longer each time it is refused, and at most half a minute or so', () => {
    stream.open();
    const waits: number[] = [];
    for (let time = 0; time < 8; time += 1) {
      const [count, begun] = [sources.length, Date.now()];
      latest().readyState = 2;
      latest().onerror?.();
      while (sources.length === count) vi.advanceTimersByTime(100);
      waits.push(Date.now() - begun);
    }
    expect(waits[0]).toBeLessThanOrEqual(1_600);
    expect(waits[4]).toBeGreaterThan(10_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(45_100);
  });

  it('leaves a short cut to the browser, which comes back by itself', () => {
    stream.open();
    latest().readyState = 0;
    latest().onerror?.();
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });

  it('stays closed when it was closed', () => {
    stream.open();
    latest().say('bye', {});
    stream.close();
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
  });
});

/** A browser whose tabs take turns in the order in which they came. */
class Browser {
  tabs: ((message: unknown) => void)[] = [];
  queue: (() => void)[] = [];

  join: JoinTabs = (_name, hear) => {
    this.tabs.push(hear);
    return {
      areShared: true,
      takeTurn: (begin) => {
        this.queue.push(begin);
        if (this.queue[0] === begin) begin();
        return () => {
          const hadTurn = this.queue[0] === begin;
          this.queue = this.queue.filter((other) => other !== begin);
          if (hadTurn) this.queue[0]?.();
        };
      },
      tell: (message) => this.tabs.filter((tab) => tab !== hear).forEach((tab) => tab(structuredClone(message))),
    };
  };
}

describe('the live stream of several tabs', () => {
  let browser: Browser;
  let said: [number, unknown][];
  let opened: [number, string][];

  function tab(number: number): LiveStream {
    const listener: Listener = {
      opened: (position) => opened.push([number, position]),
      changed: ({ id }) => said.push([number, id]),
      commented: (story) => said.push([number, story]),
      story: (json) => said.push([number, json]),
      notifications: (unread) => said.push([number, unread]),
      reset: () => said.push([number, 'reset']),
      bye: () => said.push([number, 'bye']),
    };
    const open = (address: string) => {
      const source = new FakeSource(address);
      sources.push(source);
      return source as unknown as EventSource;
    };
    return new LiveStream('41', listener, null, open, browser.join);
  }

  beforeEach(() => {
    browser = new Browser();
    said = [];
    opened = [];
  });

  it('is one connection, and every tab hears all of it', () => {
    const tabs = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(tab);
    for (const one of tabs) one.open('c1');
    expect(sources).toHaveLength(1);
    latest().say('story', { id: '7' }, 'c2');
    expect(said).toHaveLength(10);
    expect(new Set(said.map(([number]) => number)).size).toBe(10);
    latest().say('notifications', { unread: 3 });
    expect(said.slice(10).map(([, unread]) => unread)).toEqual(Array(10).fill(3));
  });

  it('goes on from where it was in the next tab when the tab with the connection closes', () => {
    const [first, second] = [tab(1), tab(2)];
    first.open('c1');
    second.open('c1');
    latest().say('story', { id: '7' }, 'c2');
    first.close();
    expect(sources).toHaveLength(2);
    expect(sources[0]?.readyState).toBe(2);
    expect(latest().address).toContain('last_event_id=c2');
    latest().say('story', { id: '8' }, 'c3');
    expect(said.filter(([number]) => number === 2)).toHaveLength(2);
  });

  it('tells every tab the number of unread notifications, also when another tab takes over', () => {
    const tabs = [tab(1), tab(2), tab(3)];
    for (const one of tabs) one.open('c1');
    latest().say('hello', { unread: 4 }, 'c1');
    expect(said).toEqual([[2, 4], [3, 4], [1, 4]]);
    tabs[0]?.close();
    latest().say('hello', { unread: 5 }, 'c1');
    expect(said.slice(3)).toEqual([[1, 5], [3, 5], [2, 5]]);
    expect(opened).toHaveLength(6);
  });

  it('is for the stories of all tabs, and the tab that takes over knows them', () => {
    const tabs = [tab(1), tab(2), tab(3)];
    tabs[0]?.watch(['7']);
    tabs[0]?.open('c1');
    latest().say('hello', { unread: 0 }, 'c1');
    tabs[1]?.watch(['8']);
    tabs[1]?.open('c1');
    vi.advanceTimersByTime(6_000);
    expect(latest().address).toContain('watch=8,7');
    latest().say('hello', { unread: 0 }, 'c1');
    latest().say('changed', { id: '8' });
    expect(said.filter(([, what]) => what === '8')).toHaveLength(3);
    tabs[2]?.watch(['9']);
    tabs[2]?.open('c1');
    tabs[0]?.close();
    expect(latest().address).toMatch(/watch=9,8/);
  });

  it('is for what any tab shows before it is for what is near that in another one', () => {
    const numbers = (from: number) => Array.from({ length: 40 }, (_, index) => `${from + index}`);
    const tabs = [tab(1), tab(2), tab(3)];
    tabs[0]?.watch(['7'], ['7', '8']);
    tabs[0]?.open('c1');
    latest().say('hello', { unread: 0 }, 'c1');
    tabs[1]?.watch(numbers(100).slice(0, 30), numbers(100));
    tabs[2]?.watch(numbers(200).slice(0, 15), numbers(200));
    vi.advanceTimersByTime(6_000);
    const followed = () => new URL(latest().address, 'http://x').searchParams.get('watch')!.split(',');
    expect(followed()).toContain('7');
    expect(followed()).toEqual(expect.arrayContaining([...numbers(100).slice(0, 30), ...numbers(200).slice(0, 15)]));
    // Nobody sees these two any more: what is near in the first one comes before what was there.
    tabs[1]?.watch([]);
    tabs[2]?.watch([], numbers(200));
    tabs[0]?.watch(['9'], ['9', '8']);
    vi.advanceTimersByTime(6_000);
    expect(followed().slice(0, 2)).toEqual(['9', '200']);
    expect(followed()).toContain('8');
    expect(followed()).toHaveLength(42);
  });

  it('minds the tab with the connection however many others there are', () => {
    const tabs = Array.from({ length: 40 }, (_, index) => tab(index));
    tabs[0]?.watch(['7']);
    tabs[0]?.open('c1');
    latest().say('hello', { unread: 0 }, 'c1');
    tabs.slice(1).forEach((one, index) => one.watch([`${100 + index}`]));
    vi.advanceTimersByTime(6_000);
    expect(latest().address).toContain(',7');
  });

  it('names every tab the position from which it goes on', () => {
    const tabs = [tab(1), tab(2)];
    tabs[0]?.open('c5');
    tabs[1]?.open('c1');
    latest().say('hello', { unread: 0 }, 'c5');
    expect(opened).toEqual([[2, 'c5'], [1, 'c5']]);
  });

  it('tells every tab that it ended, so that each learns whether the session did', () => {
    const tabs = [tab(1), tab(2)];
    for (const one of tabs) one.open('c1');
    latest().say('bye', {});
    expect(said).toEqual([[2, 'bye'], [1, 'bye']]);
    vi.advanceTimersByTime(2_000);
    expect(sources).toHaveLength(2);
  });

  it('is not opened by a tab that waited for its turn and was closed', () => {
    const [first, second] = [tab(1), tab(2)];
    first.open('c1');
    second.open('c1');
    second.close();
    first.close();
    expect(sources).toHaveLength(1);
  });
});
