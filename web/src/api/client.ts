// The way to the server. Types come from its OpenAPI document, the session from a cookie that scripts cannot read.
import createClient from 'openapi-fetch';

import { Failure } from './failure';
import { patientFetch } from './patience';
import type { paths } from './schema';
import type { Problem } from './types';

/** Calls by path; use them through [`answer`]. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => patientFetch(request),
});

interface Called<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

let onSessionEnd: () => void = () => {};

/** Who wants to know when the server no longer knows the session. */
export function whenSessionEnds(then: () => void): void {
  onSessionEnd = then;
}

/** What the server answered; a [`Failure`] when it refused or could not be reached. */
export async function answer<T>(call: Promise<Called<T>>): Promise<T> {
  let called: Called<T>;
  try {
    called = await call;
  } catch {
    throw Failure.offline();
  }
  if (called.response.ok) return called.data as T;
  const failure = Failure.of(called.error as Problem | undefined, called.response.status);
  if (failure.code === 'unauthenticated') onSessionEnd();
  throw failure;
}

/** A key under which a post is done once, however often it is sent. */
export function freshIdempotencyKey(): string {
  return crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join('-');
}
