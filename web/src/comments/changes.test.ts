import { beforeEach, expect, it } from 'vitest';

import type { Comment } from '$/api/types';
import { joinActs } from '$/session/acts';

import { commentDeleted, commentEdited, isDeleted, newest } from './changes.svelte';

let other: BroadcastChannel;
let told: unknown[];
let comments = 0;

const comment = (): Comment => ({ id: `${(comments += 1)}`, text: 'first', edited_at: null }) as Comment;
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
