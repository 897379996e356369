// Whether a handle can be had, asked while it is typed. The server decides again when the form is sent.
import { answer, api } from '$/api/client';

import { handleFault } from './faults';

/** Asked so long after the last key. */
const QUIET = 350;

/** What is known of the handle in a form. */
export class WantedHandle {
  /** The code of the rule that refuses it. */
  fault = $state<string | null>(null);
  /** The handle, once the server has said that it is free. */
  free = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = '';

  /** The field has this now. */
  typed(text: string): void {
    this.#wanted = text.trim().replace(/^@/, '');
    this.fault = this.free = null;
    this.stop();
    if (this.#wanted !== '') this.#timer = setTimeout(() => void this.#ask(), QUIET);
  }

  /** Asks no more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const wanted = this.#wanted;
    const fault = handleFault(wanted);
    // Nobody has finished typing a handle that is too short.
    if (fault === 'handle_too_short') return;
    if (fault) {
      this.fault = fault;
      return;
    }
    // Without an answer the form can be sent all the same.
    const said = await answer(api.GET('/v1/handles/{wanted}', { params: { path: { wanted } } })).catch(() => null);
    if (!said || wanted !== this.#wanted) return;
    if (said.availability === 'available') this.free = wanted.toLowerCase();
    else this.fault = said.code ?? null;
  }
}
