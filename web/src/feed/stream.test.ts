import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LiveStream, type Listener } from './stream';

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
    latest().say('hello', {}, 'c1');
    latest().say('story', { id: '7' }, 'c2');
    latest().say('notifications', { unread: 3 });
    latest().say('reset', {}, 'c3');
    expect(heard).toEqual([['story', { id: '7' }, 'c2'], ['notifications', 3], ['reset']]);
    expect(latest().address).toBe('/v1/feed/stream?person=41&last_event_id=c1');
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
