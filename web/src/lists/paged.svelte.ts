// A list that comes in pages. Lists are kept by the entry of the history they belong to, so that going back shows them as
// they were left.
//
// A server that was restored, or has other keys, no longer knows the cursor of a list. Then the list starts over from the
// top: it keeps what it shows until the first page is there, which takes its place. It starts over once. When the next
// cursor is rejected too, the list fails, and the person decides.
import { Failure } from '$/api/failure';
import { whenForgetting } from '$/session/forgetting';

import { freshMemory, type ListMemory } from './memory';

/** One page as the server sends it; the cursor is the one that leads on. */
export interface Page<Item> {
  items: readonly Item[];
  next: string | null | undefined;
  end: boolean;
  /** Entries of the list that are not available to this person, on no page. */
  hidden?: number | null | undefined;
}

/** Gets the page behind a cursor. */
export type NextPage<Item> = (cursor: string | undefined) => Promise<Page<Item>>;

/** Pages without an item in a row before one is told that it failed. */
const EMPTY_PAGES_MAX = 20;
/** So many pages are asked for again when something in them has changed. Further down it is seen at the next visit. */
const RENEW_PAGES_MAX = 10;

/** What has come so far of a list. */
export class PagedList<Item> {
  items = $state.raw<Item[]>([]);
  phase = $state<'starting' | 'ready'>('starting');
  loading = $state(false);
  end = $state(false);
  hidden = $state(0);
  failure = $state.raw<Failure | null>(null);
  readonly memory: ListMemory;
  #cursor: string | undefined;
  /** What is asked for, one after the other: no answer overtakes another, and no page that came is lost. */
  #turn: Promise<unknown> = Promise.resolve();
  /** The renewal that has not begun. */
  #renewal: Promise<boolean> | null = null;
  /** It started over, and no cursor has worked since. */
  #startedOver = false;
  /** What is shown is from before it started over: the next items replace it. */
  #isStale = false;
  readonly #next: NextPage<Item>;
  readonly #keyOf: (item: Item) => string;

  constructor(next: NextPage<Item>, keyOf: (item: Item) => string, guess = 90) {
    this.#next = next;
    this.#keyOf = keyOf;
    this.memory = freshMemory(guess);
  }

  /** Asks for what comes next, unless there is nothing more. While it is already asked, waits for that. */
  async more(): Promise<void> {
    if (this.loading) return void (await this.#turn);
    if (this.end) return;
    // After a failure it is the person who asks: that may start over again.
    if (this.failure) this.#startedOver = false;
    this.loading = true;
    this.failure = null;
    await this.#inTurn(() => this.#load());
  }

  /**
   * Asks for the first page again: it takes the place of what is shown down to its last item. Leaves everything as it is
   * when it fails, and when so much came that what the eye is on would be lost.
   */
  lookAgain(): Promise<void> {
    return this.#inTurn(() => this.#lookAgain());
  }

  /**
   * Asks again for all that is shown, and for what came at the end when that is shown: it takes the place of what is there.
   * Leaves everything as it is when it fails, and when more is shown than is asked for. False when it may do later.
   */
  renew(): Promise<boolean> {
    this.#renewal ??= this.#inTurn(() => {
      this.#renewal = null;
      return this.#renew();
    });
    return this.#renewal;
  }

  /** Puts an item at the end, when it is not there yet. */
  add(item: Item): void {
    this.#append([item]);
  }

  /** Takes an item out. */
  drop(item: Item): void {
    const key = this.#keyOf(item);
    this.items = this.items.filter((other) => this.#keyOf(other) !== key);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #load(): Promise<void> {
    try {
      // A short or empty page is not the end: the end is said.
      for (let empty = 0; !this.end; empty += 1) {
        const page = await this.#nextPage();
        this.#take(page);
        if (page.items.length > 0) break;
        if (empty === EMPTY_PAGES_MAX) throw new Failure('internal', 500);
      }
    } catch (error) {
      this.failure = Failure.from(error);
    } finally {
      this.loading = false;
    }
  }

  async #lookAgain(): Promise<void> {
    if (this.phase === 'starting') return;
    const page = await this.#next(undefined).catch(() => null);
    if (!page) return;
    const places = new Map(this.items.map((item, index) => [this.#keyOf(item), index]));
    const shared = page.items.findLast((item) => places.has(this.#keyOf(item)));
    if (shared !== undefined && !page.end) {
      const below = this.items.slice((places.get(this.#keyOf(shared)) ?? 0) + 1);
      this.items = [...page.items];
      this.#append(below);
    } else if (page.end || !this.memory.anchor) {
      this.#isStale = true;
      this.#take(page);
    }
  }

  async #renew(): Promise<boolean> {
    if (this.phase === 'starting') return true;
    const there = new Set(this.items.map(this.#keyOf));
    const reached = this.end;
    const items: Item[] = [];
    try {
      let cursor: string | undefined;
      for (let pages = 0; pages < RENEW_PAGES_MAX; pages += 1) {
        const page = await this.#next(cursor);
        items.push(...page.items);
        cursor = page.next ?? undefined;
        if (!page.end && cursor && (reached || items.length < there.size)) continue;
        // What was put at the end meanwhile.
        const added = this.items.filter((item) => !there.has(this.#keyOf(item)));
        this.items = [];
        this.#take({ ...page, items });
        if (this.end) this.#append(added);
        break;
      }
      return true;
    } catch (error) {
      return !Failure.from(error).passes;
    }
  }

  /** The page behind the cursor; the first one, once, when the server does not know the cursor. */
  async #nextPage(): Promise<Page<Item>> {
    const cursor = this.#cursor;
    try {
      const page = await this.#next(cursor);
      if (cursor) this.#startedOver = false;
      return page;
    } catch (error) {
      if (!cursor || this.#startedOver || !Failure.from(error).cursorIsDead) throw error;
    }
    this.#startedOver = this.#isStale = true;
    this.#cursor = undefined;
    return this.#next(undefined);
  }

  #take(page: Page<Item>): void {
    this.#cursor = page.next ?? undefined;
    this.end = page.end || !page.next;
    this.hidden = page.hidden ?? 0;
    this.phase = 'ready';
    if (this.#isStale && (page.items.length > 0 || this.end)) {
      this.items = [...page.items];
      this.#isStale = false;
    } else this.#append(page.items);
  }

  #append(more: readonly Item[]): void {
    const there = new Set(this.items.map(this.#keyOf));
    const fresh = more.filter((item) => !there.has(this.#keyOf(item)));
    if (fresh.length > 0) this.items = [...this.items, ...fresh];
  }
}

const kept = new Map<string, unknown>();
whenForgetting(() => kept.clear());
/** Entries of the history whose lists are kept; older ones are asked for again. */
const KEPT_MAX = 24;

/** What belongs to this entry of the history under this name, made when it is not there. */
export function keptFor<Thing>(entry: string, name: string, make: () => Thing): Thing {
  const key = `${entry} ${name}`;
  let thing = kept.get(key) as Thing | undefined;
  if (thing === undefined) {
    thing = make();
    kept.set(key, thing);
    const oldest = kept.keys().next().value;
    if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  }
  return thing;
}
