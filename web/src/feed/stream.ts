// The live stream: what happens to others while one looks. It comes back by itself after any interruption, from where it
// was, so that nothing is missed; it rests while nobody looks.
//
// One tab of the browser at a time has the connection (see tabs.ts). The others hear from it what it hears, each keeping the
// cursor for itself: whichever takes over goes on from there.
import { answered, doubt } from '$/parts/network.svelte';

import { joinTabs, type JoinTabs, type Tabs } from './tabs';

/** Who listens. */
export interface Listener {
  /** The stream is open, in this tab or in another one, and sends what comes after this position. */
  opened(position: string): void;
  /** A new story for this reader, and the cursor behind it. */
  story(json: unknown, after: string): void;
  /** How many notifications have not been read. */
  notifications(unread: number): void;
  /** Asks the server how many notifications have not been read. */
  countUnread(): Promise<number>;
  /** What came since cannot be told: ask for the first page. */
  reset(): void;
  /** The stream ended or did not begin: the server goes away, or the session did. */
  bye(): void;
}

/** What the tab with the connection hears and passes on. `lost`: the connection broke. */
interface Heard {
  event: 'hello' | 'story' | 'notifications' | 'reset' | 'bye' | 'lost';
  data?: unknown;
  /** The cursor behind it. */
  id?: string;
}

/** What the server says while the connection goes on. */
const EVENTS = ['hello', 'story', 'notifications', 'reset'] as const;

/** First wait before trying again; doubles up to the maximum. */
const WAIT_FIRST = 1_000;
const WAIT_MAX = 30_000;

/** Opens a stream at an address; tests bring their own. */
export type OpenStream = (address: string) => EventSource;

/** A live stream that keeps itself open. */
export class LiveStream {
  #source: EventSource | null = null;
  #last: string | null;
  #wait = WAIT_FIRST;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Gives up the turn, or the place in the queue; null while it is closed. */
  #giveUp: (() => void) | null = null;
  #isMyTurn = false;
  /** Counts what was heard about notifications. */
  #counts = 0;
  readonly #person: string;
  readonly #listener: Listener;
  readonly #open: OpenStream;
  readonly #tabs: Tabs;

  constructor(
    person: string,
    listener: Listener,
    last: string | null,
    open: OpenStream = (address) => new EventSource(address),
    join: JoinTabs = joinTabs,
  ) {
    this.#person = person;
    this.#listener = listener;
    this.#last = last;
    this.#open = open;
    this.#tabs = join(`sosik-stream-${person}`, (message) => this.#take(message as Heard));
  }

  /** Whether the tabs of this browser have one connection together. */
  get isShared(): boolean {
    return this.#tabs.areShared;
  }

  /** Opens it, from `last` or from where it was. Nothing happens when it is open. */
  open(last: string | null = null): void {
    if (this.#source) return;
    this.resumeFrom(last);
    if (this.#isMyTurn) return this.#connect();
    this.#giveUp ??= this.#tabs.takeTurn(() => {
      this.#isMyTurn = true;
      this.#connect();
    });
  }

  /** From here it goes on when it is opened the next time. */
  resumeFrom(last: string | null): void {
    this.#last = last ?? this.#last;
  }

  /** Closes it until it is opened again. Another tab may go on. */
  close(): void {
    this.#disconnect();
    this.#isMyTurn = false;
    this.#giveUp?.();
    this.#giveUp = null;
  }

  #connect(): void {
    clearTimeout(this.#timer);
    const from = this.#last ? `&last_event_id=${encodeURIComponent(this.#last)}` : '';
    const source = this.#open(`/v1/feed/stream?person=${this.#person}${from}`);
    this.#source = source;
    for (const event of EVENTS) {
      source.addEventListener(event, ({ data, lastEventId }: MessageEvent<string>) => {
        this.#wait = WAIT_FIRST;
        this.#hear({ event, data: JSON.parse(data), ...(lastEventId ? { id: lastEventId } : {}) });
        if (event === 'hello') void this.#count().catch(() => undefined);
      });
    }
    source.addEventListener('bye', () => {
      this.#again();
      this.#hear({ event: 'bye' });
    });
    source.onerror = () => this.#broken(source);
  }

  /**
   * Once the stream is open: it sends the count when that changes, and says nothing of changes from before. An answer that
   * comes after a count from the stream may be older than that.
   */
  async #count(): Promise<void> {
    const counts = this.#counts;
    const unread = await this.#listener.countUnread();
    if (counts === this.#counts) this.#hear({ event: 'notifications', data: { unread } });
  }

  /** The browser comes back by itself after a cut, but not after an answer that is no stream (busy, a gateway's page). */
  #broken(source: EventSource): void {
    if (source.readyState !== 2) return this.#hear({ event: 'lost' });
    // The answer cannot be read: the session may have ended or belong to another person, or the server does not know the
    // cursor. One request shows which.
    const isFirst = this.#wait === WAIT_FIRST;
    this.#again();
    if (isFirst) this.#hear({ event: 'bye' });
  }

  #disconnect(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #again(): void {
    this.#disconnect();
    this.#timer = setTimeout(() => this.#connect(), this.#wait * (1 + Math.random() * 0.5));
    this.#wait = Math.min(this.#wait * 2, WAIT_MAX);
  }

  #hear(heard: Heard): void {
    this.#tabs.tell(heard);
    this.#take(heard);
  }

  #take({ event, data, id }: Heard): void {
    if (id) this.#last = id;
    if (event === 'hello') {
      answered(true);
      this.#listener.opened(this.#last ?? '');
    } else if (event === 'story') this.#listener.story(data, this.#last ?? '');
    else if (event === 'notifications') {
      this.#counts += 1;
      this.#listener.notifications((data as { unread: number }).unread);
    } else if (event === 'reset') this.#listener.reset();
    else if (event === 'bye') this.#listener.bye();
    else doubt();
  }
}
