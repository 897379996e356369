// What the person changed of comments since they were loaded. Every list of comments shows it: the one on the screen, those
// one goes back to, and those in other tabs of the browser.
import type { Comment } from '$/api/types';
import { hearTabs, tellTabs } from '$/session/acts';

/** Whether one likes a comment, and how many people do. */
export interface Likes {
  liked: boolean;
  likes: number;
}

/** A like or its withdrawal: what it left, and what there was before. An answer that differs from both is newer. */
export interface LikedComment extends Likes {
  id: string;
  before: Likes;
}

class Changes {
  edited = $state.raw<Readonly<Record<string, Comment>>>({});
  liked = $state.raw<Readonly<Record<string, LikedComment>>>({});
  deleted = $state.raw<ReadonlySet<string>>(new Set());
}

const changes = new Changes();

/** The newest state known of a comment. */
export function newest(comment: Comment): Comment {
  if (isDeleted(comment)) return { ...comment, author: null, text: '', entities: [], edited_at: null, liked: false, likes: 0 };
  const liked = withLikes(comment);
  const edited = changes.edited[comment.id];
  if (!edited || (edited.edited_at ?? '') <= (comment.edited_at ?? '')) return liked;
  const { text, entities, edited_at } = edited;
  return { ...liked, text, entities, edited_at };
}

function withLikes(comment: Comment): Comment {
  const change = changes.liked[comment.id];
  if (!change || change.before.liked !== comment.liked || change.before.likes !== comment.likes) return comment;
  return { ...comment, liked: change.liked, likes: change.likes };
}

/** Whether the comment has been deleted. */
export function isDeleted(comment: Comment): boolean {
  return changes.deleted.has(comment.id);
}

/** Whether the comment is not shown at all: it is gone, and no reply keeps its place. */
export function isOut(comment: Comment): boolean {
  return comment.replies <= 0 && (!comment.author || isDeleted(comment));
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

/** The person likes the comment, or no longer. `comment` is as the server sent it. */
export function commentLiked(comment: Comment, { liked, likes }: Likes): void {
  const change = { id: comment.id, liked, likes, before: { liked: comment.liked, likes: comment.likes } };
  takeLike(change);
  tellTabs('commentLiked', change);
}

function takeEdit(comment: Comment): void {
  changes.edited = { ...changes.edited, [comment.id]: comment };
}

function takeDeletion(id: string): void {
  changes.deleted = new Set([...changes.deleted, id]);
}

function takeLike(change: LikedComment): void {
  changes.liked = { ...changes.liked, [change.id]: change };
}

hearTabs('commentEdited', takeEdit);
hearTabs('commentDeleted', ({ id }) => takeDeletion(id));
hearTabs('commentLiked', takeLike);

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
