import { beforeEach, expect, it } from 'vitest';

import { moment } from '$/api/moment';
import type { Comment } from '$/api/types';
import { joinActs } from '$/session/acts';

import { commentDeleted, commentEdited, commentLiked, commentLikeSettled, heardComments, isDeleted, isOut, newest } from './changes.svelte';

let other: BroadcastChannel;
let told: unknown[];
let comments = 0;

const comment = (replies = 0): Comment =>
  ({ id: `${(comments += 1)}`, author: { id: '1' }, text: 'first', edited_at: null, replies, likes: 0, liked: false }) as Comment;
const editOf = (one: Comment, at: string): Comment => ({ ...one, text: `at ${at}`, edited_at: `2026-01-01T00:00:0${at}.000Z` });

beforeEach(() => {
  joinActs('9');
  told = [];
  other = new BroadcastChannel('sosik-acts-9');
  other.onmessage = ({ data }) => told.push(data);
  return () => other.close();
});

it('shows an edit wherever the comment is, and an answer with a later edit', () => {
  const one = comment();
  commentEdited(editOf(one, '2'));
  expect(newest(one).text).toBe('at 2');
  expect(newest(editOf(one, '1')).text).toBe('at 2');
  expect(newest(editOf(one, '3')).text).toBe('at 3');
});

it('tells the other tabs', async () => {
  const [one, two] = [editOf(comment(), '1'), comment()];
  commentEdited(one);
  commentDeleted(two);
  expect(isDeleted(two)).toBe(true);
  await expect.poll(() => told).toEqual([
    { act: 'commentEdited', what: one },
    { act: 'commentDeleted', what: { id: two.id } },
  ]);
});

it('shows what was edited and deleted in another tab', async () => {
  const [one, two] = [comment(), comment()];
  other.postMessage({ act: 'commentEdited', what: editOf(one, '1') });
  other.postMessage({ act: 'commentDeleted', what: { id: two.id } });
  await expect.poll(() => isDeleted(two)).toBe(true);
  expect(newest(one).text).toBe('at 1');
});

it('keeps the place of replies to a deleted comment, without a word of it', () => {
  const [one, two] = [comment(2), comment()];
  commentDeleted(one);
  commentDeleted(two);
  expect([isOut(one), isOut(two)]).toEqual([false, true]);
  expect(newest(one)).toMatchObject({ author: null, text: '', replies: 2 });
  expect(isOut({ ...newest(one), replies: 0 })).toBe(true);
});

it('shows a like in every tab', async () => {
  const [one, two] = [comment(), comment()];
  const change = { id: two.id, liked: true, likes: 1 };
  other.postMessage({ act: 'commentLiked', what: change });
  await expect.poll(() => newest(two).liked).toBe(true);
  commentLiked(one, { liked: true, likes: 1 });
  await expect.poll(() => told).toEqual([{ act: 'commentLiked', what: { ...change, id: one.id } }]);
});

it('shows a like until a later answer, also one that is as it was before the like', () => {
  const one = comment();
  const before = moment();
  commentLiked(one, { liked: true, likes: 1 });
  heardComments([one], moment());
  expect(newest(one)).toMatchObject({ liked: true, likes: 1 });
  commentLikeSettled(one);
  heardComments([one], before);
  expect(newest(one)).toMatchObject({ liked: true, likes: 1 });
  // Taken back on another device.
  heardComments([one], moment());
  expect(newest(one)).toMatchObject({ liked: false, likes: 0 });
});

it('shows nothing of somebody whom the person has blocked, in whichever tab, and keeps the place of replies', async () => {
  const by = (id: string, replies: number) => ({ ...comment(replies), author: { id } }) as Comment;
  const [one, two, others] = [by('61', 0), by('61', 2), by('62', 0)];
  other.postMessage({ act: 'stands', what: { person: '61', standing: { relation: 'blocked', muted: false, follows: false } } });
  await expect.poll(() => isOut(one)).toBe(true);
  expect([isOut(two), isOut(others)]).toEqual([false, false]);
  expect(newest(two)).toMatchObject({ author: null, text: '', replies: 2 });
});
