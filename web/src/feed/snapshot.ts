// The last feed as this device keeps it: shown at once when one comes back, and when there is no network.
import type { Story } from '$/api/types';
import { put, remove, take } from '$/offline/db';
import { keep, keepInTab, kept, keptInTab } from '$/offline/settings';

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

/**
 * Where this person left the feed in this tab; null when nowhere. A new tab begins at the top. The installed app has no tabs:
 * it goes on where it was closed.
 */
export function whereLeft(person: string): Left | null {
  const text = keptInTab('left') ?? (isInstalled() ? kept('left') : null);
  try {
    const left = JSON.parse(text ?? 'null') as Left | null;
    return left?.person === person ? left : null;
  } catch {
    return null;
  }
}

/** People of whom this document keeps nothing any more. */
const gone = new Set<string>();

/** Forgets the feed of this person. What the document still does until the next one is there does not bring it back. */
export async function forgetFeed(person: string): Promise<void> {
  gone.add(person);
  await remove('feeds', person);
}

/** Keeps where the feed is left; null forgets it. */
export function keepWhereLeft(left: Left | null): void {
  if (left && gone.has(left.person)) return;
  const text = left && JSON.stringify(left);
  keepInTab('left', text);
  keep('left', text);
}

/** Whether this window is the installed app. */
function isInstalled(): boolean {
  return globalThis.matchMedia?.('(display-mode: standalone)').matches ?? false;
}

/** The feed that this person left on this device. */
export function takeSnapshot(person: string): Promise<Snapshot | undefined> {
  return take<Snapshot>('feeds', person);
}

/** Keeps the feed for the next visit. */
export async function keepSnapshot(person: string, snapshot: Snapshot): Promise<void> {
  if (!gone.has(person)) await put('feeds', person, snapshot);
}
