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

/** When the count on the bell was heard, or asked. */
let shown = 0;

/** How many there are, as far as is known. */
export function unreadNotifications(): number {
  return unread.count;
}

/** The count, from an event of the live stream, or from an answer to what was asked at that moment. */
export function hear(count: number, asked = moment()): void {
  if (asked < shown) return;
  shown = asked;
  unread.count = count;
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
