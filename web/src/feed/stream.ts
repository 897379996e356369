// The live stream: what happens to others while one looks. It comes back by itself after any interruption, from where it
// was, so that nothing is missed; it rests while nobody looks.
import { answered, doubt } from '$/parts/network.svelte';

/** Who listens. */
export interface Listener {
  /** A new story for this reader, and the cursor behind it. */
  story(json: unknown, after: string): void;
  /** How many notifications have not been read. */
  notifications(unread: number): void;
  /** What came since cannot be told: ask for the first page. */
  reset(): void;
  /** The stream ended or did not begin: the server goes away, or the session did. */
  bye(): void;
}

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
  readonly #person: string;
  readonly #listener: Listener;
  readonly #open: OpenStream;

  constructor(person: string, listener: Listener, last: string | null, open: OpenStream = (address) => new EventSource(address)) {
    this.#person = person;
    this.#listener = listener;
    this.#last = last;
    this.#open = open;
  }

  /** Opens it, from `last` or from where it was. Nothing happens when it is open. */
  open(last: string | null = null): void {
    if (this.#source) return;
    this.resumeFrom(last);
    clearTimeout(this.#timer);
    const from = this.#last ? `&last_event_id=${encodeURIComponent(this.#last)}` : '';
    const source = this.#open(`/v1/feed/stream?person=${this.#person}${from}`);
    this.#source = source;
    source.addEventListener('hello', (event) => {
      this.#heard(event as MessageEvent<string>);
      answered(true);
    });
    source.addEventListener('story', (event) => {
      const message = this.#heard(event as MessageEvent<string>);
      this.#listener.story(JSON.parse(message.data), this.#last ?? '');
    });
    source.addEventListener('notifications', (event) => {
      const message = this.#heard(event as MessageEvent<string>);
      this.#listener.notifications((JSON.parse(message.data) as { unread: number }).unread);
    });
    source.addEventListener('reset', (event) => {
      this.#heard(event as MessageEvent<string>);
      this.#listener.reset();
    });
    source.addEventListener('bye', () => {
      this.#again();
      this.#listener.bye();
    });
    // The browser comes back by itself after a cut, but not after an answer that is no stream (busy, a gateway's page).
    source.onerror = () => {
      if (source.readyState !== 2) return doubt();
      // The answer cannot be read: the session may have ended or belong to another person, or the server does not know the
      // cursor. One request shows which.
      const isFirst = this.#wait === WAIT_FIRST;
      this.#again();
      if (isFirst) this.#listener.bye();
    };
  }

  /** From here it goes on when it is opened the next time. */
  resumeFrom(last: string | null): void {
    this.#last = last ?? this.#last;
  }

  /** Closes it until it is opened again. */
  close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #heard(event: MessageEvent<string>): MessageEvent<string> {
    this.#wait = WAIT_FIRST;
    if (event.lastEventId) this.#last = event.lastEventId;
    return event;
  }

  #again(): void {
    this.close();
    this.#timer = setTimeout(() => this.open(), this.#wait * (1 + Math.random() * 0.5));
    this.#wait = Math.min(this.#wait * 2, WAIT_MAX);
  }
}
