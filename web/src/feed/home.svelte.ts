// The home feed as the client holds it. It promises three things: paging down never skips or repeats a story; nothing moves
// under the eye (what arrives waits until the person asks for it); and a late story is put into its place and not lost.
//
// `before` and `after` are the server's cursors. Stories below the oldest one shown are never taken from elsewhere: they
// come by paging, so that there is no gap between. The server says when it cannot tell what came since (`reset`); then its
// first page waits to replace everything.
import { Failure } from '$/api/failure';
import type { FeedPage, Story } from '$/api/types';
import { live, type LiveStory } from '$/stories/live.svelte';

import { isNewer, merged } from './order';
import { SNAPSHOT_STORIES_MAX, type Snapshot } from './snapshot';

/** What of the feed is asked for. */
export interface Ask {
  limit: number;
  before?: string;
  after?: string;
}

/** Gets a page from the server. */
export type FetchPage = (ask: Ask) => Promise<FeedPage>;

/** Stories on the first page: enough for the first screens, small enough to come at once. */
export const FIRST_PAGE = 20;
const OLDER_PAGE = 40;
const NEWER_PAGE = 100;
const LOOK_AGAIN_PAGE = 100;
/** When more came than so many pages, starting over is cheaper than catching up. */
const NEWER_PAGES_MAX = 5;
/** Pages without a story in a row (all filtered out) before one is told that it failed. */
const EMPTY_PAGES_MAX = 20;

/** So many of those are looked at again at most: what one scrolled through further down is asked for when it changes. */
const LOOK_AGAIN_PAGES_MAX = 4;

/** To find the place where one was, so many pages are asked for at most; then one starts at the top. */
const FIND_PAGES_MAX = 20;

/** Up to which story the cursor of older ones reaches. */
interface PageEnd {
  last: string;
  before: string | null;
}

/** One person's home feed. */
export class HomeFeed {
  stories = $state.raw<LiveStory[]>([]);
  /** Arrived, not yet asked for. */
  waiting = $state.raw<LiveStory[]>([]);
  phase = $state<'starting' | 'ready' | 'failed'>('starting');
  failure = $state.raw<Failure | null>(null);
  end = $state(false);
  loadingOlder = $state(false);
  olderFailure = $state.raw<Failure | null>(null);
  /** When what is shown was saved, while the server has not been reached since. */
  savedAt = $state<number | null>(null);
  /** Stories of others that one has not read, as the server counted them at the start. */
  unread = $state<number | null>(null);

  after: string | null = null;
  #before: string | null = null;
  #pages: PageEnd[] = [];
  #replacement: FeedPage | null = null;
  #catchingUp: Promise<void> | null = null;
  readonly #fetch: FetchPage;

  constructor(fetch: FetchPage) {
    this.#fetch = fetch;
  }

  /** Gets the feed's first page: shown at once when nothing is, else it waits to replace what is there. */
  async startOver(): Promise<void> {
    try {
      const page = await this.#fetch({ limit: FIRST_PAGE });
      if (this.phase === 'ready') this.#awaitReplacement(page);
      else this.#replaceBy(page);
    } catch (error) {
      this.failure = asFailure(error);
      if (this.phase === 'starting') this.phase = 'failed';
      throw error;
    }
  }

  /**
   * Shows the feed as it was left, at least down to this story: what was not kept is asked for, within reason. What came
   * since is asked for afterwards.
   */
  async adopt(snapshot: Snapshot, downTo?: string): Promise<void> {
    this.stories = snapshot.stories.map(live);
    this.#before = snapshot.before;
    this.after = snapshot.after;
    this.end = snapshot.end;
    this.savedAt = snapshot.at;
    this.#pages = [];
    this.#remember(snapshot.before);
    for (let page = 0; downTo && page < FIND_PAGES_MAX && !this.end && this.#indexOf(downTo) < 0; page += 1) {
      const older = await this.#older(LOOK_AGAIN_PAGE).catch(() => null);
      if (!older) break;
      this.#append(older);
    }
    this.phase = 'ready';
  }

  /** What to keep of the feed: whole pages, so that it goes on below without a gap; null while there is nothing. */
  snapshot(now: number): Snapshot | null {
    const fits = this.#pages.filter(({ last }) => this.#indexOf(last) < SNAPSHOT_STORIES_MAX);
    const page = fits.at(-1);
    const count = page ? this.#indexOf(page.last) + 1 : 0;
    if (!page || count === 0) return null;
    return {
      stories: this.stories.slice(0, count).filter((story) => !story.gone).map((story) => story.shown),
      before: page.before,
      after: this.after,
      end: this.end && count === this.stories.length,
      at: this.savedAt ?? now,
    };
  }

  /** Asks for the next older stories. Does nothing while it is already asked or there are none. */
  async loadOlder(): Promise<void> {
    if (this.loadingOlder || this.end || this.phase !== 'ready') return;
    this.loadingOlder = true;
    this.olderFailure = null;
    try {
      const before = this.stories.length;
      for (let empty = 0; this.stories.length === before && !this.end; empty += 1) {
        if (empty === EMPTY_PAGES_MAX) throw new Failure('internal', 500);
        this.#append(await this.#older(OLDER_PAGE));
      }
    } catch (error) {
      this.olderFailure = asFailure(error);
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Asks what came since; it waits to be shown. Calls while it runs are the same call. */
  checkNewer(): Promise<void> {
    this.#catchingUp ??= this.#catchUp().finally(() => (this.#catchingUp = null));
    return this.#catchingUp;
  }

  /**
   * Asks again for what is shown, from the top down to this story (or a first page): what was deleted or is no longer for
   * this reader goes, what was changed is changed, what came waits. For a feed that stood still for a while.
   */
  async lookAgain(downTo: string | undefined): Promise<void> {
    let before: string | null = null;
    let above: string | null = null;
    for (let page = 0; page < LOOK_AGAIN_PAGES_MAX; page += 1) {
      const now: FeedPage = await this.#fetch({ limit: LOOK_AGAIN_PAGE, ...(before ? { before } : {}) });
      this.savedAt = null;
      this.failure = null;
      if (!above) this.after = now.after ?? this.after;
      const lowest: string | null = now.items.at(-1)?.id ?? null;
      const there = new Set(now.items.map((story) => story.id));
      const isCovered = (id: string) => (!above || isNewer(above, id)) && (now.end || (lowest !== null && !isNewer(lowest, id)));
      for (const story of this.stories) if (isCovered(story.id) && !there.has(story.id)) story.gone = true;
      this.#await(now.items);
      if (now.end || !now.before || !downTo || (lowest && !isNewer(lowest, downTo))) return;
      before = now.before;
      above = lowest ?? above;
    }
  }

  /** A story that the live stream brought, and the cursor behind it. */
  arrived(story: Story, after: string | null): void {
    if (after) this.after = after;
    this.#await([story]);
  }

  /** The person wants to see what waits. */
  showWaiting(): void {
    if (this.#replacement) this.#replaceBy(this.#replacement, this.waiting);
    else this.stories = merged(this.stories, this.waiting);
    this.waiting = [];
  }

  /** The person has posted this: it is shown at once. */
  add(story: Story): void {
    this.stories = merged(this.stories, [live(story)]);
    this.waiting = this.waiting.filter((other) => other.id !== story.id);
  }

  #older(limit: number): Promise<FeedPage> {
    return this.#fetch({ limit, ...(this.#before ? { before: this.#before } : {}) });
  }

  async #catchUp(): Promise<void> {
    if (!this.after) return this.startOver();
    for (let page = 0; page < NEWER_PAGES_MAX; page += 1) {
      const newer = await this.#fetch({ limit: NEWER_PAGE, after: this.after });
      this.savedAt = null;
      this.failure = null;
      if (newer.reset) return this.#awaitReplacement(newer);
      this.after = newer.after ?? this.after;
      this.#await(newer.items);
      if (newer.end) return;
    }
    await this.startOver();
  }

  #await(stories: Story[]): void {
    const oldest = this.stories.at(-1);
    const shown = new Set(this.stories.map((story) => story.id));
    const more = stories.map(live).filter((story) => !shown.has(story.id) && (this.end || !oldest || isNewer(story.id, oldest.id)));
    this.waiting = merged(this.waiting, more);
  }

  #awaitReplacement(page: FeedPage): void {
    const shown = new Set(this.stories.map((story) => story.id));
    this.#replacement = page;
    this.after = page.after ?? this.after;
    this.savedAt = null;
    this.failure = null;
    this.waiting = page.items.map(live).filter((story) => !shown.has(story.id));
    if (this.waiting.length === 0) this.#replaceBy(page);
  }

  #replaceBy(page: FeedPage, also: LiveStory[] = []): void {
    const stories = page.items.map(live);
    const oldest = stories.at(-1);
    this.stories = merged(stories, also.filter((story) => page.end || !oldest || isNewer(story.id, oldest.id)));
    this.#before = page.before ?? null;
    this.after = page.after ?? this.after;
    this.end = page.end;
    this.unread = page.unread ?? this.unread;
    this.waiting = [];
    this.#replacement = null;
    this.#pages = [];
    this.#remember(this.#before);
    this.savedAt = null;
    this.failure = null;
    this.olderFailure = null;
    this.phase = 'ready';
  }

  #append(page: FeedPage): void {
    this.stories = merged(this.stories, page.items.map(live));
    this.#before = page.before ?? this.#before;
    this.end = page.end;
    this.#remember(this.#before);
  }

  #remember(before: string | null): void {
    const last = this.stories.at(-1);
    if (last) this.#pages.push({ last: last.id, before });
  }

  #indexOf(id: string): number {
    return this.stories.findIndex((story) => story.id === id);
  }
}

function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure('internal', 500);
}
