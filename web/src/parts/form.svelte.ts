// What every form that is sent to the server does: send once, say what is wrong, at the field when it is known which.
import { Failure, messageOf } from '$/api/failure';

/** The state of one form. */
export class Form {
  sending = $state(false);
  failure = $state.raw<Failure | null>(null);

  /** What is wrong with a field. */
  wrong(field: string): string | null {
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
