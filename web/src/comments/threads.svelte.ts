// The replies to the comments of one story: which are shown, and what has come of them. It outlives the rows on the screen.
import { SvelteMap } from 'svelte/reactivity';

import { answer, api } from '$/api/client';
import type { Comment } from '$/api/types';
import { PagedList } from '$/lists/paged.svelte';

import { commentPage } from './page';

const REPLIES_PAGE = 20;
/** After a reply, what others wrote meanwhile is loaded so far, to come to one's own. */
const CATCH_UP_PAGES_MAX = 10;

/** The threads of one story. */
export class Threads {
  /** The replies of the comments whose replies are shown, by the comment's id. */
  readonly #open = new SvelteMap<string, PagedList<Comment>>();
  /** The comment that is being answered: one of the story, or a reply. */
  answered = $state.raw<Comment | null>(null);
  /** The form has just been asked for. It is drawn anew whenever its row comes into sight. */
  #isNew = false;

  /** The replies to a comment, when they are shown. */
  replies(parent: string): PagedList<Comment> | undefined {
    return this.#open.get(parent);
  }

  /** The person wants to answer this comment. */
  answer(comment: Comment): void {
    this.answered = comment;
    this.#isNew = true;
  }

  /** Whether the form takes the focus: once, when it was asked for. */
  takesFocus(): boolean {
    const isNew = this.#isNew;
    this.#isNew = false;
    return isNew;
  }

  /** Shows the replies to a comment. */
  show(parent: string): PagedList<Comment> {
    const replies = this.#listOf(parent);
    if (replies.phase === 'starting') void replies.more();
    return replies;
  }

  #listOf(parent: string): PagedList<Comment> {
    const known = this.#open.get(parent);
    if (known) return known;
    const replies = new PagedList<Comment>(
      (after) => {
        const query = { limit: REPLIES_PAGE, ...(after ? { after } : {}) };
        return commentPage(answer(api.GET('/v1/comments/{comment}/replies', { params: { path: { comment: parent }, query } })));
      },
      (reply) => reply.id,
    );
    this.#open.set(parent, replies);
    return replies;
  }

  hide(parent: string): void {
    this.#open.delete(parent);
    if (this.answered && (this.answered.parent ?? this.answered.id) === parent) this.answered = null;
  }

  /**
   * Asks again for all replies that are shown, one thread after the other, below the comments that there are. False when it
   * may do later.
   */
  async renew(comments: readonly Comment[]): Promise<boolean> {
    const there = new Set(comments.map(({ id }) => id));
    let came = true;
    for (const [parent, replies] of [...this.#open]) {
      if (there.has(parent)) came = (await replies.renew()) && came;
      else this.hide(parent);
    }
    return came;
  }

  /** A reply was written in this tab: it comes into sight. */
  async answeredWith(reply: Comment): Promise<void> {
    this.answered = null;
    const replies = this.#listOf(reply.parent ?? '');
    for (let page = 0; !replies.end && page < CATCH_UP_PAGES_MAX; page += 1) {
      await replies.more();
      if (replies.failure) return;
    }
    if (replies.end) replies.add(reply);
  }

  /** A reply was written in another tab. */
  heard(reply: Comment): void {
    const replies = this.#open.get(reply.parent ?? '');
    if (replies?.end) replies.add(reply);
  }
}
