// The last feed as this device keeps it: shown at once when one comes back, and when there is no network.
import type { Story } from '$/api/types';
import { put, take } from '$/offline/db';
import { keep, kept } from '$/offline/settings';

/** Where the eye was: a story, and how far its top was from the top of the window, in pixels. */
export interface Anchor {
  key: string;
  offset: number;
}

/** The feed as it was left. */
export interface Snapshot {
  stories: Story[];
  before: string | null;
  after: string | null;
  end: boolean;
  /** Milliseconds since 1970. */
  at: number;
}

/** More is not kept: about a megabyte, read and drawn within a blink. */
export const SNAPSHOT_STORIES_MAX = 400;

/** Where one left the feed, and when. Written while the page goes away, when only what is written at once is kept. */
export interface Left {
  person: string;
  anchor: Anchor | null;
  at: number;
}

/** Where this person left this device; null when nowhere. */
export function whereLeft(person: string): Left | null {
  try {
    const left = JSON.parse(kept('left') ?? 'null') as Left | null;
    return left?.person === person ? left : null;
  } catch {
    return null;
  }
}

/** Keeps where the feed is left. */
export function keepWhereLeft(left: Left): void {
  keep('left', JSON.stringify(left));
}

/** The feed that this person left on this device. */
export function takeSnapshot(person: string): Promise<Snapshot | undefined> {
  return take<Snapshot>('feeds', person);
}

/** Keeps the feed for the next visit. */
export async function keepSnapshot(person: string, snapshot: Snapshot): Promise<void> {
  await put('feeds', person, snapshot);
}
