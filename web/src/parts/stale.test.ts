import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { answered } from './network.svelte';
import { whenStale } from './stale';

let stale: number;
let stop: () => void;

function look(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  vi.useFakeTimers();
  stale = 0;
  stop = whenStale(() => (stale += 1));
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

it('is stale after nobody has looked for a while, and not after a glance elsewhere', () => {
  look(true);
  vi.advanceTimersByTime(5_000);
  look(false);
  expect(stale).toBe(0);
  look(true);
  vi.advanceTimersByTime(40_000);
  expect(stale).toBe(0);
  look(false);
  expect(stale).toBe(1);
});

it('is stale when the server can be reached again', () => {
  answered(false);
  expect(stale).toBe(0);
  answered(true);
  expect(stale).toBe(1);
});

it('is no longer heard of after the page has gone', () => {
  stop();
  look(true);
  vi.advanceTimersByTime(40_000);
  look(false);
  expect(stale).toBe(0);
});
