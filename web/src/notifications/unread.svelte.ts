// How many notifications one has not seen: a number on a bell, kept fresh by the live stream.
//
// Answers and events come by different connections, so one may overtake the other. What was asked before the count on the
// bell was heard or asked is older than that, and is not shown.
import { answer, api } from '$/api/client';
import { moment } from '$/api/moment';

class Unread {
  count = $state(0);
}

const unread = new Unread();

const waiting = new Set<() => void>();

/** When the count on the bell was heard, or asked. */
let shown = 0;

/** How many there are, as far as is known. */
export function unreadNotifications(): number {
  return unread.count;
}

/** The count, from an event of the live stream, or from an answer to what was asked at that moment. */
export function hear(count: number, asked = moment()): void {
  if (asked < shown) return;
  // The first count is no news. The same count may stand for another notification.
  const isNews = shown > 0 && count > 0;
  shown = asked;
  unread.count = count;
  if (isNews) for (const then of waiting) then();
}

/** Calls `then` whenever there may be new ones. Returns a function that ends this. */
export function whenNotified(then: () => void): () => void {
  waiting.add(then);
  return () => waiting.delete(then);
}

/** Asks the server for the count. */
export async function countUnread(): Promise<number> {
  return (await answer(api.GET('/v1/notifications', { params: { query: { limit: 1 } } }))).unread;
}

/** Asks the server, and shows the answer. */
export async function askUnread(): Promise<void> {
  const asked = moment();
  hear(await countUnread(), asked);
}
