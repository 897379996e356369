// What can go wrong with a request, in the terms of the one who made it. Texts come from the messages by `code`.
import { isMessage, t } from '$/language/index.svelte';

import type { Problem } from './types';

/** A request that did not do what it was made for. */
export class Failure extends Error {
  constructor(
    /** `offline` when no answer came, else the code of the problem. */
    readonly code: string,
    /** 0 when no answer came. */
    readonly status: number,
    /** Fields of the form that are at fault, where the server names them. */
    readonly fields: readonly string[] = [],
    /** Names the request in the server's log. */
    readonly requestId = '',
  ) {
    super(code);
  }

  /** The network or the server is away for now: the same request may do later. */
  get passes(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** The server does not know the cursor, after a restore for example: the list starts over without one. */
  get cursorIsDead(): boolean {
    return this.code === 'cursor_invalid';
  }

  static offline(): Failure {
    return new Failure('offline', 0);
  }

  /** Whatever was thrown as a failure. What is none is a fault of the client, shown like a fault of the server. */
  static from(error: unknown): Failure {
    return error instanceof Failure ? error : new Failure('internal', 500);
  }

  static of(problem: Partial<Problem> | undefined, status: number): Failure {
    return new Failure(
      problem?.code ?? 'internal',
      status,
      problem?.errors?.map((error) => error.field) ?? [],
      problem?.request_id ?? '',
    );
  }
}

/** For deletions: what does not exist any more need not be deleted. */
export function unlessGone(failure: unknown): void {
  if (!(failure instanceof Failure) || failure.status !== 404) throw failure;
}

/** A failure as a sentence in the language in use. */
export function messageOf(failure: unknown): string {
  if (!(failure instanceof Failure)) return t('problem.internal');
  const key = `problem.${failure.code}`;
  if (isMessage(key)) return t(key);
  return failure.requestId ? t('problem.unknown', { id: failure.requestId }) : t('problem.internal');
}
