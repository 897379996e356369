// Liking a comment: shown at once, told to the server afterwards, taken back when it refuses.
//
// Taps that come faster than answers do not queue up: the last wish is sent when the answer to the one before is there.
import { answer, api } from '$/api/client';
import { messageOf } from '$/api/failure';
import type { Comment, CommentReaction } from '$/api/types';
import { untilAnswered } from '$/api/unanswered';
import { tell } from '$/parts/toasts.svelte';

import { commentLiked, commentLikeSettled, newest } from './changes.svelte';

/** Tells the server; tests bring their own. */
export type SendCommentLike = (comment: string, liked: boolean) => Promise<CommentReaction | undefined>;

const send: SendCommentLike = (comment, liked) => {
  const path = { params: { path: { comment } } };
  return liked ? answer(api.PUT('/v1/comments/{comment}/like', path)) : answer(api.DELETE('/v1/comments/{comment}/like', path));
};

/** What the person wants of comments whose answer has not come. */
const wanted = new Map<string, boolean>();

/** The person wants to like the comment, or no longer. `comment` is as the server sent it. */
export async function wishCommentLike(comment: Comment, liked: boolean, sendLike: SendCommentLike = send): Promise<void> {
  const { id } = comment;
  const sending = wanted.has(id);
  wanted.set(id, liked);
  show(comment, liked);
  if (!sending) await untilAnswered(id, tellServer(comment, !liked, sendLike));
}

/** Sends what is wanted until the server has confirmed the last of it. `confirmed` is what the server knows. */
async function tellServer(comment: Comment, confirmed: boolean, sendLike: SendCommentLike): Promise<void> {
  const { id } = comment;
  let likes: number | undefined;
  try {
    for (let next = wanted.get(id); next !== undefined && next !== confirmed; next = wanted.get(id)) {
      likes = (await sendLike(id, next))?.likes;
      confirmed = next;
    }
    if (likes !== undefined) commentLiked(comment, { liked: confirmed, likes });
  } catch (failure) {
    show(comment, confirmed);
    tell(messageOf(failure), 'failure');
  } finally {
    wanted.delete(id);
    commentLikeSettled(comment);
  }
}

function show(comment: Comment, liked: boolean): void {
  const { liked: was, likes } = newest(comment);
  if (was !== liked) commentLiked(comment, { liked, likes: Math.max(0, likes + (liked ? 1 : -1)) });
}
