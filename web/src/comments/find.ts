// Comes to one comment of a story: it is loaded with all that stands before it. Comments and replies are in the order of
// their ids.
import type { Comment } from '$/api/types';
import { isNewer } from '$/feed/order';
import type { PagedList } from '$/lists/paged.svelte';

import type { Threads } from './threads.svelte';

/** So many pages of one list are loaded on the way; further down, the person scrolls. */
const PAGES_MAX = 10;
/** Loads this comment and, in its thread, the reply. Returns the comment; undefined when it is not found. */
export async function findComment(id: string, reply: string | null, comments: PagedList<Comment>, threads: Threads): Promise<Comment | undefined> {
  const found = await reach(comments, id);
  if (found && reply) await reach(threads.show(id), reply);
  return found;
}

async function reach(list: PagedList<Comment>, id: string): Promise<Comment | undefined> {
  const isPast = () => list.items.some((comment) => comment.id === id || isNewer(comment.id, id));
  for (let page = 0; page < PAGES_MAX && !list.end && !list.failure && !isPast(); page += 1) await list.more();
  return list.items.find((comment) => comment.id === id);
}
