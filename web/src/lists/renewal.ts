// When a page that stays open asks again for what others have changed. Everybody with the page open hears of a change at the
// same moment. They must not ask at the same moment, nor once for each change: one request is in flight, and one waits.
import { isOnline } from '$/parts/network.svelte';

/** A renewal waits up to so long, at random. */
const SPREAD = 2_000;
/** Between two renewals of a page; doubles while changes go on, up to the maximum. */
const REST_FIRST = 2_000;
const REST_MAX = 15_000;

/** Asks again, soon after it has heard of changes. Says whether the answer came; without one it asks once more. */
export class Renewal {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  /** Something has changed since the last renewal began. */
  #isWanted = false;
  #isOver = false;
  #rest = REST_FIRST;
  #endedAt = -Infinity;
  readonly #ask: () => Promise<boolean>;

  constructor(ask: () => Promise<boolean>) {
    this.#ask = ask;
  }

  /** Something has changed. */
  soon(): void {
    this.#isWanted = true;
    if (this.#isOver || this.#isAsking || this.#timer !== undefined) return;
    const since = Date.now() - this.#endedAt;
    this.#rest = since < 2 * this.#rest ? Math.min(2 * this.#rest, REST_MAX) : REST_FIRST;
    const wait = Math.max(this.#rest - since, 0) + Math.random() * SPREAD;
    this.#timer = setTimeout(() => void this.#begin(), wait);
  }

  /** From now on it asks when it is seen again, too. Returns how to stop. */
  start(): () => void {
    const look = () => this.#isWanted && !document.hidden && this.soon();
    document.addEventListener('visibilitychange', look);
    return () => {
      this.#isOver = true;
      clearTimeout(this.#timer);
      document.removeEventListener('visibilitychange', look);
    };
  }

  async #begin(): Promise<void> {
    this.#timer = undefined;
    // A page that nobody sees does not ask.
    if (document.hidden) return;
    this.#isWanted = false;
    this.#isAsking = true;
    const came = await this.#ask();
    this.#isAsking = false;
    this.#endedAt = Date.now();
    if (this.#isWanted || (!came && isOnline())) this.soon();
  }
}
