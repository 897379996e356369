// How many notifications one has not seen: a number on a bell, kept fresh by the live stream.
import { answer, api } from '$/api/client';

class Unread {
  count = $state(0);
}

const unread = new Unread();

/** How many there are, as far as is known. */
export function unreadNotifications(): number {
  return unread.count;
}

/** The live stream or a page of notifications says so. */
export function hear(count: number): void {
  unread.count = count;
}

/** Asks the server. */
export async function askUnread(): Promise<void> {
  hear((await answer(api.GET('/v1/notifications', { params: { query: { limit: 1 } } }))).unread);
}
