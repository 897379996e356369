// The live stream: what happens to others while one looks. It comes back by itself after any interruption, from where it
// was, so that nothing is missed; it rests while nobody looks.
//
// One tab of the browser at a time has the connection (see tabs.ts). The others hear from it what it hears, each keeping the
// cursor for itself: whichever takes over goes on from there.
//
// The address of the connection names the stories that the tabs show, and the server sends what happens to those. When others
// come on the screen, the connection is made anew, not at every scroll.
import type { StoryState } from '$/api/types';
import { answered, doubt } from '$/parts/network.svelte';

import { joinTabs, type JoinTabs, type Tabs } from './tabs';

/** Who listens. */
export interface Listener {
  /**
   * The stream is open, in this tab or in another one, and sends what comes after this position and what happens to these
   * stories from now on.
   */
  opened(position: string, watched: string[]): void;
  /** A new story for this reader, and the cursor behind it. */
  story(json: unknown, after: string): void;
  /** How many notifications have not been read. */
  notifications(unread: number): void;
  /** A story that is shown has changed. */
  changed(state: StoryState): void;
  /** The comments on a story that is shown have changed. */
  commented(story: string): void;
  /** What came since cannot be told: ask for the first page. */
  reset(): void;
  /** The stream ended or did not begin: the server goes away, or the session did. */
  bye(): void;
}

/** What the tab with the connection hears and passes on. `lost`: the connection broke. */
interface Heard {
  event: 'hello' | 'story' | 'notifications' | 'changed' | 'comments' | 'reset' | 'bye' | 'lost' | 'shows';
  data?: unknown;
  /** The cursor behind it. */
  id?: string;
}

/** What the server says while the connection goes on. */
const EVENTS = ['hello', 'story', 'notifications', 'changed', 'comments', 'reset'] as const;

/** What `hello` says, and the tab with the connection adds. */
interface Hello {
  unread: number;
  /** The stories that the connection is for. */
  watched: string[];
  /** The connection was made anew for other stories: nothing else was missed. */
  isSame: boolean;
  /** The tab with the connection. */
  by: string;
}

/** What a tab follows: what is on its screen, and what may come there soon. */
interface Shows {
  tab: string;
  seen: string[];
  near: string[];
}

/** So many stories the server follows for one connection. */
const WATCHED_MAX = 50;
/** So many tabs are minded; browsers show few at once. */
const TABS_MAX = 24;
/** A connection is made anew for other stories once so much time has passed: scrolling brings many, one after the other. */
const WATCH_AFTER = 1_000;
/** And not before the last one is so old. */
const CONNECTION_AGE_MIN = 5_000;

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
  /** What this tab shows, and what the others do; the latest last. */
  readonly #shows = new Map<string, Shows>();
  /** The stories that the connection is for. */
  #watched: ReadonlySet<string> = new Set();
  #connectedAt = 0;
  #watchTimer: ReturnType<typeof setTimeout> | undefined;
  #isSame = false;
  readonly #tab = Math.random().toString(36).slice(2);
  /** The tab with the connection, which knows what this one shows. */
  #toldTab = '';
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

  /** These stories are on the screen of this tab, and these may be soon. What any tab shows comes before what is near. */
  watch(seen: string[], near: string[] = []): void {
    this.#shown({ tab: this.#tab, seen, near });
    this.#tellShown();
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
    const watched = this.#wanted();
    const watch = watched.length > 0 ? `&watch=${watched.join(',')}` : '';
    const source = this.#open(`/v1/feed/stream?person=${this.#person}${from}${watch}`);
    this.#source = source;
    this.#watched = new Set(watched);
    this.#connectedAt = Date.now();
    for (const event of EVENTS) {
      source.addEventListener(event, ({ data, lastEventId }: MessageEvent<string>) => {
        this.#wait = WAIT_FIRST;
        const said: unknown = JSON.parse(data);
        const hello = { watched, isSame: this.#isSame, by: this.#tab };
        this.#hear({ event, data: event === 'hello' ? { ...(said as object), ...hello } : said, ...(lastEventId ? { id: lastEventId } : {}) });
        if (event === 'hello') this.#isSame = false;
      });
    }
    source.addEventListener('bye', () => {
      this.#again();
      this.#hear({ event: 'bye' });
    });
    source.onerror = () => this.#broken(source);
  }

  /** What the tabs show, the latest first. */
  #wanted(): string[] {
    const tabs = [...this.#shows.values()].reverse();
    const ids = [...inTurns(tabs.map(({ seen }) => seen)), ...inTurns(tabs.map(({ near }) => near))];
    return [...new Set(ids)].slice(0, WATCHED_MAX);
  }

  #shown(shows: Shows): void {
    this.#shows.delete(shows.tab);
    if (shows.seen.length + shows.near.length > 0) this.#shows.set(shows.tab, shows);
    const oldest = [...this.#shows.keys()].find((tab) => tab !== this.#tab);
    if (this.#shows.size > TABS_MAX && oldest !== undefined) this.#shows.delete(oldest);
    const isNew = this.#wanted().some((id) => !this.#watched.has(id));
    if (!isNew || !this.#source || this.#watchTimer !== undefined) return;
    const age = Date.now() - this.#connectedAt;
    this.#watchTimer = setTimeout(() => this.#connectAnew(), Math.max(WATCH_AFTER, CONNECTION_AGE_MIN - age));
  }

  #tellShown(): void {
    const shows: Shows = this.#shows.get(this.#tab) ?? { tab: this.#tab, seen: [], near: [] };
    this.#tabs.tell({ event: 'shows', data: shows } satisfies Heard);
  }

  /** For other stories. When the connection has broken meanwhile, the next one is for them anyway. */
  #connectAnew(): void {
    this.#watchTimer = undefined;
    if (!this.#source || this.#source.readyState === 2 || this.#wanted().every((id) => this.#watched.has(id))) return;
    this.#isSame = this.#source.readyState === 1;
    this.#disconnect();
    this.#connect();
  }

  /** The browser comes back by itself after a cut, but not after an answer that is no stream (busy, a gateway's page). */
  #broken(source: EventSource): void {
    this.#isSame = false;
    if (source.readyState !== 2) return this.#hear({ event: 'lost' });
    // The answer cannot be read: the session may have ended or belong to another person, or the server does not know the
    // cursor. One request shows which.
    const isFirst = this.#wait === WAIT_FIRST;
    this.#again();
    if (isFirst) this.#hear({ event: 'bye' });
  }

  #disconnect(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchTimer);
    this.#watchTimer = undefined;
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
    if (event === 'hello') this.#opened(data as Hello);
    else if (event === 'shows') this.#shown(data as Shows);
    else if (event === 'changed') this.#listener.changed(data as StoryState);
    else if (event === 'comments') this.#listener.commented((data as { story: string }).story);
    else if (event === 'story') this.#listener.story(data, this.#last ?? '');
    else if (event === 'notifications') this.#listener.notifications((data as { unread: number }).unread);
    else if (event === 'reset') this.#listener.reset();
    else if (event === 'bye') this.#listener.bye();
    else doubt();
  }

  #opened({ unread, watched = [], isSame, by }: Hello): void {
    answered(true);
    this.#listener.opened(this.#last ?? '', watched);
    // After a pause the same number may stand for another notification.
    if (!isSame) this.#listener.notifications(unread);
    if (by !== this.#tab && by !== this.#toldTab) this.#tellShown();
    this.#toldTab = by;
  }
}

/** The first of each list, then the second of each, and so on: no tab takes the room of another. */
function inTurns(lists: string[][]): string[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat();
}
