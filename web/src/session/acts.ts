// What the person does in one tab, for the other tabs of this browser: each shows it without asking the server. It is about
// what is known there; a tab that has never shown a story does nothing with its deletion.
//
// The live stream brings the same seconds later, where the story is on the screen.
import type { Comment, Story } from '$/api/types';
import type { LikedComment } from '$/comments/changes.svelte';
import type { Standing } from '$/people/relations.svelte';

/** The acts, each with what the other tabs need to know of it. */
export interface Acts {
  /** A story of one's own has been posted. */
  posted: { key: string; story: Story };
  /** What one's act left of a story: its text after an edit, its counts after a like. */
  changed: { id: string; change: Partial<Story> };
  /** A story was saved, or is no longer. */
  saved: { id: string; saved: boolean };
  /** A story does not exist any more. */
  deleted: { id: string };
  /** A story is not available: it was deleted, or is no longer for this reader. */
  unavailable: { id: string };
  commented: { story: string; comment: Comment };
  commentEdited: Comment;
  commentDeleted: { id: string };
  /** A comment is liked, or no longer. */
  commentLiked: LikedComment;
  /** What a person is to oneself now. */
  stands: { person: string; standing: Standing };
  /** The stories of a person are out of sight: all, those for friends, or on the home feed only. */
  hid: { person: string; which: 'all' | 'friends' | 'home' };
  /** The home feed has more than before. */
  grown: Record<string, never>;
  /** The account was deleted: there is no session any more. */
  accountDeleted: Record<string, never>;
}

type Act = { [Name in keyof Acts]: { act: Name; what: Acts[Name] } }[keyof Acts];
type Heard<Name extends keyof Acts> = (what: Acts[Name]) => void;

const listeners = new Map<keyof Acts, Set<(what: never) => void>>();
let channel: BroadcastChannel | null = null;

/** Joins the tabs of this person. Tabs that still show somebody else hear nothing. */
export function joinActs(person: string): void {
  channel?.close();
  channel = null;
  if (typeof BroadcastChannel === 'undefined') return;
  channel = new BroadcastChannel(`sosik-acts-${person}`);
  channel.onmessage = ({ data }: MessageEvent<Act>) => {
    for (const listener of listeners.get(data.act) ?? []) (listener as (what: unknown) => void)(data.what);
  };
}

/** Tells the other tabs. */
export function tellTabs<Name extends keyof Acts>(act: Name, what: Acts[Name]): void {
  channel?.postMessage({ act, what });
}

/** Calls `then` when another tab tells of such an act. Returns a function that ends this. */
export function hearTabs<Name extends keyof Acts>(act: Name, then: Heard<Name>): () => void {
  const those = listeners.get(act) ?? new Set();
  listeners.set(act, those);
  those.add(then as (what: never) => void);
  return () => those.delete(then as (what: never) => void);
}
