// A page of comments or replies, as a list takes it.
import { moment } from '$/api/moment';
import type { Comment, CommentPage } from '$/api/types';
import type { Page } from '$/lists/paged.svelte';

import { heardComments } from './changes.svelte';

/** Waits for a page that is being asked for. */
export async function commentPage(call: Promise<CommentPage>): Promise<Page<Comment>> {
  const asked = moment();
  const { items, after, end, hidden } = await call;
  heardComments(items, asked);
  return { items, next: after, end, hidden };
}
