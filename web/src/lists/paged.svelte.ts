// A list that comes in pages. Lists are kept by the entry of the history they belong to, so that going back shows them as
// they were left.
import { Failure } from '$/api/failure';

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
  readonly #next: NextPage<Item>;
  readonly #keyOf: (item: Item) => string;

  constructor(next: NextPage<Item>, keyOf: (item: Item) => string, guess = 90) {
    this.#next = next;
    this.#keyOf = keyOf;
    this.memory = freshMemory(guess);
  }

  /** Asks for what comes next. Does nothing while it is already asked or there is nothing more. */
  async more(): Promise<void> {
    if (this.loading || this.end) return;
    this.loading = true;
    this.failure = null;
    try {
      // A short or empty page is not the end: the end is said.
      for (let empty = 0; ; empty += 1) {
        const page = await this.#next(this.#cursor);
        this.#cursor = page.next ?? undefined;
        this.end = page.end || !page.next;
        this.hidden = page.hidden ?? 0;
        this.phase = 'ready';
        this.#append(page.items);
        if (page.items.length > 0 || this.end) break;
        if (empty === EMPTY_PAGES_MAX) throw new Failure('internal', 500);
      }
    } catch (error) {
      this.failure = error instanceof Failure ? error : new Failure('internal', 500);
    } finally {
      this.loading = false;
    }
  }

  /** Puts an item at the end, when it is not there yet. */
  add(item: Item): void {
    this.#append([item]);
  }

  /** Puts another in place of an item. */
  replace(item: Item): void {
    const key = this.#keyOf(item);
    this.items = this.items.map((other) => (this.#keyOf(other) === key ? item : other));
  }

  /** Takes an item out. */
  drop(item: Item): void {
    const key = this.#keyOf(item);
    this.items = this.items.filter((other) => this.#keyOf(other) !== key);
  }

  #append(more: readonly Item[]): void {
    const there = new Set(this.items.map(this.#keyOf));
    const fresh = more.filter((item) => !there.has(this.#keyOf(item)));
    if (fresh.length > 0) this.items = [...this.items, ...fresh];
  }
}

const kept = new Map<string, unknown>();
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
