import { expect, it, vi } from 'vitest';

import { moment } from '$/api/moment';

import { askUnread, hear, unreadNotifications, whenNotified } from './unread.svelte';

/** Answers to questions for the count, in the order in which they were asked. */
function answers(): ((unread: number) => void)[] {
  const waiting: ((unread: number) => void)[] = [];
  vi.stubGlobal('fetch', () =>
    new Promise<Response>((done) => {
      waiting.push((unread) => done(Response.json({ items: [], end: true, unread })));
    }));
  return waiting;
}

it('shows what the live stream said after the server was asked, whichever comes first', async () => {
  const waiting = answers();
  const asking = askUnread();
  await expect.poll(() => waiting).toHaveLength(1);
  hear(1);
  waiting[0]?.(0);
  await asking;
  expect(unreadNotifications()).toBe(1);
});

it('says that there may be new ones, also when as many have been read meanwhile', () => {
  let said = 0;
  const stop = whenNotified(() => (said += 1));
  hear(1);
  hear(1);
  hear(0);
  expect(said).toBe(2);
  stop();
  hear(2);
  expect(said).toBe(2);
});

it('shows the answer to the last question, whichever comes first', async () => {
  const waiting = answers();
  const asking = [askUnread(), askUnread()];
  await expect.poll(() => waiting).toHaveLength(2);
  waiting[1]?.(5);
  await asking[1];
  waiting[0]?.(4);
  await asking[0];
  expect(unreadNotifications()).toBe(5);
});

it('keeps a notification that came while those before it were marked as read', () => {
  hear(3);
  const marking = moment();
  hear(1);
  hear(0, marking);
  expect(unreadNotifications()).toBe(1);
});
