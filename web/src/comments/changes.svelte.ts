// What the person changed of comments since they were loaded. Every list of comments shows it: the one on the screen, those
// one goes back to, and those in other tabs of the browser.
import { moment } from '$/api/moment';
import type { Comment } from '$/api/types';
import { standingOf } from '$/people/relations.svelte';
import { hearTabs, tellTabs } from '$/session/acts';

/** Whether one likes a comment, and how many people do. */
export interface Likes {
  liked: boolean;
  likes: number;
}

/** A like or its withdrawal, and what it left. */
export interface LikedComment extends Likes {
  id: string;
}

class Changes {
  edited = $state.raw<Readonly<Record<string, Comment>>>({});
  liked = $state.raw<Readonly<Record<string, LikedComment>>>({});
  deleted = $state.raw<ReadonlySet<string>>(new Set());
}

const changes = new Changes();
/** When likes were confirmed, or asked for; answers to earlier questions do not know of them. */
const likedAt = new Map<string, number>();

/** The newest state known of a comment. */
export function newest(comment: Comment): Comment {
  if (isHidden(comment)) return { ...comment, author: null, text: '', entities: [], edited_at: null, liked: false, likes: 0 };
  const liked = { ...comment, ...changes.liked[comment.id] };
  const edited = changes.edited[comment.id];
  if (!edited || (edited.edited_at ?? '') <= (comment.edited_at ?? '')) return liked;
  const { text, entities, edited_at } = edited;
  return { ...liked, text, entities, edited_at };
}

/** Whether the comment has been deleted. */
export function isDeleted(comment: Comment): boolean {
  return changes.deleted.has(comment.id);
}

/** Whether its words are not for the person: it has been deleted, or they blocked its author. */
function isHidden(comment: Comment): boolean {
  return isDeleted(comment) || (comment.author != null && standingOf(comment.author).relation === 'blocked');
}

/** Whether the comment is not shown at all: it is gone, and no reply keeps its place. */
export function isOut(comment: Comment): boolean {
  return comment.replies <= 0 && (!comment.author || isHidden(comment));
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

/** The person likes the comment, or no longer. The server is being told until `commentLikeSettled`. */
export function commentLiked({ id }: Comment, { liked, likes }: Likes): void {
  takeLike({ id, liked, likes }, Infinity);
  tellTabs('commentLiked', { id, liked, likes });
}

/** The server has been told: later answers know of it. */
export function commentLikeSettled({ id }: Comment): void {
  if (likedAt.has(id)) likedAt.set(id, moment());
}

/** The server has sent comments, to a question of that moment: it knows of what was liked before. */
export function heardComments(comments: readonly Comment[], asked: number): void {
  for (const { id, liked, likes } of comments) {
    if ((likedAt.get(id) ?? Infinity) < asked) takeLike({ id, liked, likes }, asked);
  }
}

function takeEdit(comment: Comment): void {
  changes.edited = { ...changes.edited, [comment.id]: comment };
}

function takeDeletion(id: string): void {
  changes.deleted = new Set([...changes.deleted, id]);
}

function takeLike(change: LikedComment, at = moment()): void {
  likedAt.set(change.id, at);
  changes.liked = { ...changes.liked, [change.id]: change };
}

hearTabs('commentEdited', takeEdit);
hearTabs('commentDeleted', ({ id }) => takeDeletion(id));
hearTabs('commentLiked', (change) => takeLike(change));
