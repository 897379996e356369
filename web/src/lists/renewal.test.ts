import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Renewal } from './renewal';

let asked: number[];
let answers: ((came: boolean) => void)[];
let stop: () => void;
let renewal: Renewal;
const begun = 1_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: begun });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  asked = [];
  answers = [];
  renewal = new Renewal(() => {
    asked.push(Date.now() - begun);
    return new Promise((done) => answers.push(done));
  });
  stop = renewal.start();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

/** The answer to what was asked comes. */
async function answer(came = true): Promise<void> {
  answers.shift()?.(came);
  await vi.advanceTimersByTimeAsync(0);
}

describe('a page that hears of changes', () => {
  it('asks once for all that it hears of before it asks, and not all pages at once', async () => {
    const others = [0, 0.25, 0.5, 0.99].map((chance) => {
      vi.spyOn(Math, 'random').mockReturnValue(chance);
      const times: number[] = [];
      const one = new Renewal(async () => times.push(Date.now() - begun) > 0);
      for (let change = 0; change < 10; change += 1) one.soon();
      return times;
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(others.map((times) => times.length)).toEqual([1, 1, 1, 1]);
    expect(new Set(others.flat()).size).toBe(4);
    expect(Math.max(...others.flat())).toBeLessThanOrEqual(2_000);
  });

  it('has one request in flight, and asks once more for what it heard of meanwhile', async () => {
    renewal.soon();
    await vi.advanceTimersByTimeAsync(2_000);
    for (let change = 0; change < 10; change += 1) renewal.soon();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
    await answer();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(2);
    await answer();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(2);
  });

  it('asks the more seldom the longer changes go on, and soon again after a pause', async () => {
    for (let second = 0; second < 120; second += 2) {
      renewal.soon();
      await vi.advanceTimersByTimeAsync(2_000);
      await answer();
    }
    expect(asked.length).toBeGreaterThanOrEqual(6);
    expect(asked.length).toBeLessThanOrEqual(12);
    await vi.advanceTimersByTimeAsync(20_000);
    await answer();
    await vi.advanceTimersByTimeAsync(60_000);
    const count = asked.length;
    renewal.soon();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toHaveLength(count + 1);
  });

  it('asks when it is seen again, and not while nobody looks', async () => {
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    renewal.soon();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual([]);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toHaveLength(1);
  });

  it('asks again when no answer came', async () => {
    renewal.soon();
    await vi.advanceTimersByTimeAsync(2_000);
    await answer(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(2);
  });

  it('asks no more when it is left', async () => {
    renewal.soon();
    await vi.advanceTimersByTimeAsync(2_000);
    renewal.soon();
    stop();
    await answer(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
  });
});
