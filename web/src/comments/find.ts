// Comes to one comment of a story: it is loaded with all that stands before it. Comments and replies are in the order of
// their ids.
import type { Comment } from '$/api/types';
import { isNewer } from '$/feed/order';
import type { PagedList } from '$/lists/paged.svelte';

import type { Threads } from './threads.svelte';

/** So many pages of one list are loaded on the way; further down, the person scrolls. */
const PAGES_MAX = 10;
/** So many threads are looked through: nothing says whose reply a reply is. */
const THREADS_MAX = 5;

/**
 * Loads this comment or reply, and opens the thread of a reply. Returns the comment of the story that it is or belongs to;
 * undefined when it is not found. Replies are looked for below one's own comments first.
 */
export async function findComment(id: string, comments: PagedList<Comment>, threads: Threads, me: string | undefined): Promise<Comment | undefined> {
  const found = await reach(comments, id);
  if (found) return found;
  const parents = comments.items.filter((comment) => comment.replies > 0 && isNewer(id, comment.id)).reverse();
  const isMine = (comment: Comment) => comment.author?.id === me;
  for (const parent of [...parents.filter(isMine), ...parents.filter((one) => !isMine(one))].slice(0, THREADS_MAX)) {
    const wasOpen = threads.replies(parent.id) !== undefined;
    if (await reach(threads.show(parent.id), id)) return parent;
    if (!wasOpen) threads.hide(parent.id);
  }
  return undefined;
}

async function reach(list: PagedList<Comment>, id: string): Promise<Comment | undefined> {
  const isPast = () => list.items.some((comment) => comment.id === id || isNewer(comment.id, id));
  for (let page = 0; page < PAGES_MAX && !list.end && !list.failure && !isPast(); page += 1) await list.more();
  return list.items.find((comment) => comment.id === id);
}
