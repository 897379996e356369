// What the person changed of comments since they were loaded. Every list of comments shows it: the one on the screen, those
// one goes back to, and those in other tabs of the browser.
import type { Comment } from '$/api/types';
import { hearTabs, tellTabs } from '$/session/acts';

class Changes {
  edited = $state.raw<Readonly<Record<string, Comment>>>({});
  deleted = $state.raw<ReadonlySet<string>>(new Set());
}

const changes = new Changes();

/** The newest state known of a comment. */
export function newest(comment: Comment): Comment {
  const edited = changes.edited[comment.id];
  return edited && (edited.edited_at ?? '') > (comment.edited_at ?? '') ? edited : comment;
}

/** Whether the comment has been deleted. */
export function isDeleted(comment: Comment): boolean {
  return changes.deleted.has(comment.id);
}

/** The comment has been changed to this. */
export function commentEdited(comment: Comment): void {
  takeEdit(comment);
  tellTabs('commentEdited', comment);
}

/** The comment does not exist any more. */
export function commentDeleted({ id }: Comment): void {
  takeDeletion(id);
  tellTabs('commentDeleted', { id });
}

function takeEdit(comment: Comment): void {
  changes.edited = { ...changes.edited, [comment.id]: comment };
}

function takeDeletion(id: string): void {
  changes.deleted = new Set([...changes.deleted, id]);
}

hearTabs('commentEdited', takeEdit);
hearTabs('commentDeleted', ({ id }) => takeDeletion(id));

const watchers = new Set<(story: string) => void>();

/** Somebody has written, edited or deleted a comment on this story. */
export function commentsChanged(story: string): void {
  for (const then of watchers) then(story);
}

/** Calls `then` when the comments on a story have changed. Returns how to stop. */
export function whenCommented(then: (story: string) => void): () => void {
  watchers.add(then);
  return () => watchers.delete(then);
}
