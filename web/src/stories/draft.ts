// What one has begun to write: a story, a comment, a change of either or of the profile. It survives everything but being
// sent or thrown away.
import type { Audience } from '$/api/types';
import { put, remove, take } from '$/offline/db';
import type { Chosen } from '$/offline/files';

/** A story that is being written. */
export interface Draft {
  text: string;
  audience: Audience;
  /** Its photos and videos, in order. */
  attachments?: Chosen[];
}

/** Saved so long after the last key. */
const QUIET = 250;
/** What waits for the quiet: its timer, and how to keep it now. */
const waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; keep: () => void }>();
/** On its way into the database; empty when thrown away. */
const fresh = new Map<string, unknown>();

/** What was begun under this name: `story` for a new one, else the place it belongs to. */
export function takeDraft<Kept = Draft>(person: string, name: string): Promise<Kept | undefined> {
  const key = `${person} ${name}`;
  return fresh.has(key) ? Promise.resolve(fresh.get(key) as Kept | undefined) : take<Kept>('drafts', key);
}

/** Keeps it, a moment from now; null when there is nothing to keep any more. */
export function keepDraft<Kept = Draft>(person: string, name: string, draft: Kept | null): void {
  const key = `${person} ${name}`;
  clearTimeout(waiting.get(key)?.timer);
  fresh.set(key, draft ?? undefined);
  const keep = () => {
    waiting.delete(key);
    void (draft === null ? remove('drafts', key) : put('drafts', key, draft));
  };
  waiting.set(key, { timer: setTimeout(keep, QUIET), keep });
}

/** A phone that puts the page away may never bring it back: what waits is kept at once. */
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'hidden') return;
  for (const { timer, keep } of [...waiting.values()]) {
    clearTimeout(timer);
    keep();
  }
});

/** Forgets it: it was posted or thrown away. */
export async function dropDraft(person: string, name: string): Promise<void> {
  const key = `${person} ${name}`;
  clearTimeout(waiting.get(key)?.timer);
  waiting.delete(key);
  fresh.set(key, undefined);
  await remove('drafts', key);
}
