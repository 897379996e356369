// The home feed as the client holds it. It promises three things: paging down never skips or repeats a story; nothing moves
// under the eye (what arrives waits until the person asks for it); and a late story is put into its place and not lost.
//
// `before` and `after` are the server's cursors. Stories below the oldest one shown are never taken from elsewhere: they
// come by paging, so that there is no gap between. When the server cannot tell what came since (`reset`), what is shown is
// looked at again from the top down to where the eye is, and what is below that is paged anew.
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
/** When more came than so many pages, looking again from the top is cheaper than catching up. */
const NEWER_PAGES_MAX = 5;
/** Pages without a story in a row (all filtered out) before one is told that it failed. */
const EMPTY_PAGES_MAX = 20;

/** Down to 5,000 stories are looked at again; whoever has scrolled further starts at the top. */
const LOOK_AGAIN_PAGES_MAX = 50;
/** So many stories below the eye are looked at again too: they are on the screen or will be in a moment. */
const BELOW_THE_EYE = 30;

/** To find the place where one was, so many pages are asked for at most; then one starts at the top. */
const FIND_PAGES_MAX = 20;
/** So many stories below it fill the largest window: with fewer the page is too short to put the place where it was. */
const WINDOW_STORIES = 10;

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
  /** Which story the eye is on; whoever shows the feed knows. */
  eye: () => string | undefined = () => undefined;
  /** Puts the eye on another story: the one it was on is gone. */
  moveEye: (story: string) => void = () => undefined;
  #before: string | null = null;
  #pages: PageEnd[] = [];
  #catchingUp: Promise<void> | null = null;
  /** The first stories have come, from the server or from the device: settled when the feed is ready. */
  #settling: Promise<void> | null = null;
  readonly #fetch: FetchPage;

  constructor(fetch: FetchPage) {
    this.#fetch = fetch;
  }

  /** Gets the feed's first page, and more, within reason, down to where the eye was left. */
  async start(): Promise<void> {
    try {
      const page = await this.#fetch({ limit: FIRST_PAGE });
      // It came so late that the feed as it was kept is shown: that must not move.
      if (this.#settling) return await this.#settling.then(() => this.lookAgain());
      this.#begin(page);
    } catch (error) {
      this.failure = Failure.from(error);
      if (this.phase === 'starting') this.phase = 'failed';
      throw error;
    }
    await this.#settle();
  }

  /**
   * Shows the feed as it was kept, at least down to where the eye was left: what was not kept is asked for, within reason.
   * What came since is asked for afterwards. Does nothing when the server was faster.
   */
  async adopt(snapshot: Snapshot): Promise<void> {
    if (this.#settling) return;
    this.stories = merged(snapshot.stories.map(onHome), this.stories);
    this.#before = snapshot.before;
    this.after = snapshot.after;
    this.end = snapshot.end;
    this.savedAt = snapshot.at;
    this.#remember(snapshot.before);
    await this.#settle();
  }

  /** What to keep of the feed: whole pages, so that it goes on below without a gap; null while there is nothing. */
  snapshot(now: number): Snapshot | null {
    // An empty feed is kept as well: it replaces stories that this person may no longer read.
    if (this.end && !this.stories.some(isShown)) return { stories: [], before: null, after: this.after, end: true, at: this.savedAt ?? now };
    const first = this.stories.slice(0, SNAPSHOT_STORIES_MAX);
    const places = new Map(first.map((story, index) => [story.id, index]));
    const page = this.#pages.findLast(({ last }) => places.has(last));
    const count = page ? (places.get(page.last) ?? -1) + 1 : 0;
    if (!page || count === 0) return null;
    return {
      stories: first.slice(0, count).filter(isShown).map((story) => story.shown),
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
      await this.#orAnew(() => this.#goOnUntilMore());
    } catch (error) {
      this.olderFailure = Failure.from(error);
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
   * Asks again for what is shown, from the top down to below the eye: what was deleted or is no longer for this reader
   * goes, what was changed is changed, what came waits. What is further down is paged anew.
   */
  async lookAgain(): Promise<void> {
    const downTo = this.#belowTheEye();
    let page: FeedPage | null = null;
    let lowest: string | null = null;
    for (let pages = 0; pages < LOOK_AGAIN_PAGES_MAX; pages += 1) {
      const above: string | null = lowest;
      // What comes while the server answers is newer than the answer, which says nothing about it.
      const asked = [...this.stories, ...this.waiting];
      page = await this.#fetch({ limit: LOOK_AGAIN_PAGE, ...(page?.before ? { before: page.before } : {}) });
      this.savedAt = null;
      this.failure = null;
      if (pages === 0) this.after = page.after ?? this.after;
      lowest = page.items.at(-1)?.id ?? lowest;
      this.#compare(asked, page, above, lowest);
      this.#append(page.items);
      this.#await(page.items);
      if (page.end || !page.before || !downTo || (lowest && !isNewer(lowest, downTo))) break;
    }
    if (page) this.#goOnBelow(lowest, page);
    // Where nothing is shown, nothing moves.
    if (!this.stories.some(isShown)) this.showWaiting();
  }

  /** One's circle has grown: what that brings is put into its place, without moving what the eye is on. */
  async renew(): Promise<void> {
    await this.lookAgain();
    this.showWaiting();
  }

  /**
   * A story that the live stream brought, and the cursor behind it. While it is asked what came before that story, the
   * answer moves the cursor: if there is none, it is asked again from where it was.
   */
  arrived(story: Story, after: string | null): void {
    if (after && !this.#catchingUp) this.after = after;
    this.#await([story]);
  }

  /** The person wants to see what waits. */
  showWaiting(): void {
    this.stories = merged(this.stories, this.waiting);
    this.waiting = [];
  }

  /** The person has posted this: it is shown at once. */
  add(story: Story): void {
    this.stories = merged(this.stories, [onHome(story)]);
    this.waiting = this.waiting.filter((other) => other.id !== story.id);
  }

  /** Without its place the feed begins at the top, which is better than not at all. */
  #settle(): Promise<void> {
    this.#settling = this.#orAnew(() => this.#reachTheEye())
      .catch(() => undefined)
      .then(() => void (this.phase = 'ready'));
    return this.#settling;
  }

  /** Asks for older stories down to the eye and a window further. When its story is gone, the eye moves to the next older one. */
  async #reachTheEye(): Promise<void> {
    const eye = this.eye();
    if (!eye) return;
    const fromTheEye = () => this.stories.filter((story) => !isNewer(story.id, eye));
    for (let page = 0; page < FIND_PAGES_MAX && !this.end && fromTheEye().length <= WINDOW_STORIES; page += 1) {
      await this.#goOn(LOOK_AGAIN_PAGE);
    }
    const nearest = fromTheEye()[0];
    if (nearest) this.moveEye(nearest.id);
  }

  async #goOnUntilMore(): Promise<void> {
    const before = this.stories.length;
    for (let empty = 0; this.stories.length === before && !this.end; empty += 1) {
      if (empty === EMPTY_PAGES_MAX) throw new Failure('internal', 500);
      await this.#goOn(OLDER_PAGE);
    }
  }

  /** Pages down; once more, with the new cursor that looking again brings, when the server does not know the old one. */
  async #orAnew(pageDown: () => Promise<void>): Promise<void> {
    try {
      await pageDown();
    } catch (error) {
      if (!Failure.from(error).cursorIsDead) throw error;
      await this.lookAgain();
      await pageDown();
    }
  }

  /** Appends the next older page, unless looking again has meanwhile moved the end that the page continues. */
  async #goOn(limit: number): Promise<void> {
    const before = this.#before;
    const page = await this.#fetch({ limit, ...(before ? { before } : {}) });
    if (before !== this.#before) return;
    this.stories = merged(this.stories, page.items.map(onHome));
    this.#before = page.before ?? before;
    this.end = page.end;
    this.#remember(this.#before);
  }

  async #catchUp(): Promise<void> {
    if (this.phase !== 'ready') return this.start();
    for (let page = 0; this.after && page < NEWER_PAGES_MAX; page += 1) {
      const newer = await this.#fetch({ limit: NEWER_PAGE, after: this.after }).catch(unlessUnknown);
      if (!newer || newer.reset) break;
      this.savedAt = null;
      this.failure = null;
      this.after = newer.after ?? this.after;
      this.#await(newer.items);
      if (newer.end) return;
    }
    await this.lookAgain();
  }

  #await(stories: Story[]): void {
    const oldest = this.stories.at(-1);
    const shown = new Set(this.stories.map((story) => story.id));
    const more = stories.map(onHome).filter((story) => !shown.has(story.id) && (!oldest || this.end || isNewer(story.id, oldest.id)));
    this.waiting = merged(this.waiting, more);
  }

  /** What of these should stand between `above` and `lowest` and is not on the page has left the feed. */
  #compare(asked: LiveStory[], page: FeedPage, above: string | null, lowest: string | null): void {
    const there = new Set(page.items.map((story) => story.id));
    for (const story of asked) {
      const isBelow = !above || isNewer(above, story.id);
      const isCovered = isBelow && (page.end || (lowest !== null && !isNewer(lowest, story.id)));
      if (isCovered && !there.has(story.id)) story.offHome = true;
    }
  }

  /** Paging goes on below this story, with this page's cursor. */
  #goOnBelow(lowest: string | null, page: FeedPage): void {
    if (!page.end) this.stories = this.stories.filter((story) => lowest !== null && !isNewer(lowest, story.id));
    this.#before = page.before ?? null;
    this.end = page.end;
    this.olderFailure = null;
    this.#pages = [];
    this.#remember(this.#before);
  }

  #belowTheEye(): string | undefined {
    const eye = this.eye();
    const at = eye ? this.#indexOf(eye) : 0;
    return this.stories[Math.min(Math.max(at, 0) + BELOW_THE_EYE, this.stories.length - 1)]?.id;
  }

  #begin(page: FeedPage): void {
    // What the person posted meanwhile is there already.
    this.stories = merged(page.items.map(onHome), this.stories);
    const shown = new Set(this.stories.map((story) => story.id));
    this.waiting = this.waiting.filter((story) => !shown.has(story.id));
    this.#before = page.before ?? null;
    this.after = page.after ?? this.after;
    this.end = page.end;
    this.unread = page.unread ?? null;
    this.#remember(this.#before);
    this.savedAt = null;
    this.failure = null;
  }

  /** What is older than everything shown; it moves nothing. */
  #append(stories: Story[]): void {
    const oldest = this.stories.at(-1);
    if (oldest) this.stories = merged(this.stories, stories.filter((story) => isNewer(oldest.id, story.id)).map(onHome));
  }

  #remember(before: string | null): void {
    const last = this.stories.at(-1);
    if (last) this.#pages.push({ last: last.id, before });
  }

  #indexOf(id: string): number {
    return this.stories.findIndex((story) => story.id === id);
  }
}

/** Whether the feed shows a story that it holds. */
export function isShown(story: LiveStory): boolean {
  return !story.gone && !story.offHome;
}

/** The story, which the server has on this feed. */
function onHome(story: Story): LiveStory {
  const found = live(story);
  found.offHome = false;
  return found;
}

/** A cursor that the server does not know is one that tells nothing: look again. */
function unlessUnknown(failure: unknown): null {
  if (Failure.from(failure).cursorIsDead) return null;
  throw failure;
}
