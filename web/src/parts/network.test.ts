import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { answer, api } from '$/api/client';

import { answered, doubt, isOnline, whenBack } from './network.svelte';

let status: number | null;
const post = () => answer(api.POST('/v1/sessions', { body: { handle: 'mina', password: 'a-kettle-on-the-hill-27' } })).catch(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
  answered(true);
  status = 200;
  vi.stubGlobal('fetch', async () => {
    if (status === null) throw new TypeError('Failed to fetch');
    return new Response('{}', { status, headers: { 'Content-Type': 'application/json' } });
  });
});

afterEach(async () => {
  // The server is there again: nothing goes on asking.
  status = 200;
  await vi.advanceTimersByTimeAsync(30_000);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the network', () => {
  it('is away when a request gets no answer, although the browser says that it is there', async () => {
    expect(navigator.onLine).toBe(true);
    status = null;
    await post();
    expect(isOnline()).toBe(false);
  });

  it('is back with any answer, and those who wait for it hear of that once', async () => {
    const back = vi.fn();
    whenBack(back);
    await post();
    expect(back).not.toHaveBeenCalled();
    status = null;
    await post();
    await post();
    status = 503;
    await post();
    expect(isOnline()).toBe(true);
    await post();
    expect(back).toHaveBeenCalledTimes(1);
  });

  it('is what the browser says when that changes', () => {
    const back = vi.fn();
    whenBack(back);
    dispatchEvent(new Event('offline'));
    expect(isOnline()).toBe(false);
    dispatchEvent(new Event('online'));
    expect(isOnline()).toBe(true);
    expect(back).toHaveBeenCalledTimes(1);
  });

  it('is away when a gateway answers in place of the server', async () => {
    status = 502;
    await post();
    expect(isOnline()).toBe(false);
  });
});

describe('a server in doubt', () => {
  it('is asked, and away when it does not answer twice; when it answers again, those who wait hear of that', async () => {
    const back = vi.fn();
    const stop = whenBack(back);
    status = null;
    doubt();
    await vi.advanceTimersByTimeAsync(500);
    expect(isOnline()).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(isOnline()).toBe(false);
    status = 200;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(isOnline()).toBe(true);
    expect(back).toHaveBeenCalledTimes(1);
    stop();
  });

  it('is there when it answers, and nobody is told', async () => {
    const back = vi.fn();
    const stop = whenBack(back);
    doubt();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(isOnline()).toBe(true);
    expect(back).not.toHaveBeenCalled();
    stop();
  });
});
