// What every form that is sent to the server does: send once, say what is wrong, at the field when it is known which.
import { tick } from 'svelte';

import { Failure, messageOf } from '$/api/failure';

/** The state of one form. */
export class Form {
  sending = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** Codes of what is wrong with fields, found before anything was sent. */
  #faults = $state.raw<Record<string, string | null>>({});

  /** Says everything that is wrong at once: the server names only the first. Returns whether nothing is. */
  passes(faults: Record<string, string | null>): boolean {
    this.#faults = faults;
    this.failure = null;
    return Object.values(faults).every((fault) => fault === null);
  }

  /** Says no more what was wrong with a field: it has changed since. */
  forget(field: string): void {
    this.#faults = { ...this.#faults, [field]: null };
    if (this.failure?.fields.includes(field)) this.failure = null;
  }

  /** The code of what is wrong with a field, as a sentence. */
  word(fault: string | null): string | null {
    return fault ? messageOf(new Failure(fault, 422)) : null;
  }

  /** What is wrong with a field. */
  wrong(field: string): string | null {
    const fault = this.#faults[field];
    if (fault) return this.word(fault);
    return this.failure?.fields.includes(field) ? messageOf(this.failure) : null;
  }

  /** What is wrong with the whole: a failure that belongs to none of these fields. */
  problem(fields: readonly string[]): string | null {
    if (!this.failure || this.failure.fields.some((field) => fields.includes(field))) return null;
    return messageOf(this.failure);
  }

  /** Sends it; says whether that went well. A second press while it is on its way does nothing. */
  async send(work: () => Promise<void>): Promise<boolean> {
    if (this.sending) return false;
    this.sending = true;
    this.failure = null;
    try {
      await work();
      return true;
    } catch (error) {
      this.failure = Failure.from(error);
      return false;
    } finally {
      this.sending = false;
    }
  }
}

/** Puts the focus on the first field that is wrong, once the form says so. */
export async function focusWrong(form: HTMLElement): Promise<void> {
  await tick();
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
