// How far one has read, shared between one's devices: the newest story that has stood on the screen. The server only lets
// it move forward.
//
// `line` stays where it was when this sitting began, so that what is new stays marked while one reads it.
import { answer, api } from '$/api/client';

import { isNewer } from './order';

/** Told so long after the last move, so that scrolling does not become a stream of requests. */
const QUIET = 1_500;

/** The person's position in the home feed. */
export class ReadPosition {
  /** Stories newer than this one are marked as new; null while it is not known. */
  line = $state<string | null>(null);
  #reached: string | null = null;
  #told: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Asks where one was, here or on another device. */
  async load(): Promise<void> {
    const { story } = await answer(api.GET('/v1/feed/read-position'));
    if (!story) return;
    if (!this.#reached || isNewer(story, this.#reached)) this.#reached = this.#told = story;
    if (!this.line || isNewer(story, this.line)) this.line = story;
  }

  /** This story has stood on the screen. */
  seen(story: string): void {
    if (this.#reached && !isNewer(story, this.#reached)) return;
    this.#reached = story;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), QUIET);
  }

  /** A new sitting begins: what has been seen until now is old. */
  moveLine(): void {
    if (this.#reached) this.line = this.#reached;
  }

  /** Tells the server now; also when the page is about to go. */
  flush(): void {
    clearTimeout(this.#timer);
    const story = this.#reached;
    if (!story || story === this.#told) return;
    this.#told = story;
    answer(api.PUT('/v1/feed/read-position', { body: { story }, keepalive: true })).catch(() => {
      // It is told again with the next story seen.
      this.#told = null;
    });
  }
}
