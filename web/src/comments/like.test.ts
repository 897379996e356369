import { expect, it } from 'vitest';

import { Failure } from '$/api/failure';
import { moment } from '$/api/moment';
import type { Comment, CommentReaction } from '$/api/types';
import { shownToasts } from '$/parts/toasts.svelte';

import { heardComments, newest } from './changes.svelte';
import { wishCommentLike } from './like';

let made = 0;

const comment = (): Comment => ({ id: `like ${(made += 1)}`, author: { id: '1' }, text: '', edited_at: null, replies: 0, likes: 4, liked: false }) as Comment;
const shown = (one: Comment) => [newest(one).liked, newest(one).likes];

/** A server whose answers come when the test says so. */
function server() {
  const sent: boolean[] = [];
  const answers: ((reaction: CommentReaction | Failure | undefined) => void)[] = [];
  const send = (_id: string, liked: boolean) =>
    new Promise<CommentReaction | undefined>((resolve, reject) => {
      sent.push(liked);
      answers.push((reaction) => (reaction instanceof Failure ? reject(reaction) : resolve(reaction)));
    });
  const answer = async (reaction: CommentReaction | Failure | undefined) => {
    answers.shift()?.(reaction);
    await new Promise((done) => setTimeout(done));
  };
  return { sent, send, answer };
}

it('is shown at once, and then what the server says', async () => {
  const [it, { send, answer }] = [comment(), server()];
  void wishCommentLike(it, true, send);
  expect(shown(it)).toEqual([true, 5]);
  await answer({ likes: 9, liked: true });
  expect(shown(it)).toEqual([true, 9]);
});

it('gives way to a later answer of the server', async () => {
  const [it, { send, answer }] = [comment(), server()];
  void wishCommentLike(it, true, send);
  await answer({ likes: 5, liked: true });
  heardComments([{ ...it, liked: true, likes: 7 }], moment());
  expect(shown(it)).toEqual([true, 7]);
});

it('sends the last wish only, and once', async () => {
  const [it, { sent, send, answer }] = [comment(), server()];
  void wishCommentLike(it, true, send);
  void wishCommentLike(it, false, send);
  void wishCommentLike(it, true, send);
  await answer({ likes: 5, liked: true });
  expect(sent).toEqual([true]);
  void wishCommentLike(it, false, send);
  await answer(undefined);
  expect([sent, shown(it)]).toEqual([[true, false], [false, 4]]);
});

it('is taken back when the server refuses, and says so', async () => {
  const [it, { send, answer }] = [comment(), server()];
  void wishCommentLike(it, true, send);
  await answer(new Failure('internal', 500));
  expect(shown(it)).toEqual([false, 4]);
  expect(shownToasts().at(-1)).toMatchObject({ tone: 'failure' });
});
