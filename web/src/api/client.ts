// The way to the server. Types come from its OpenAPI document, the session from a cookie that scripts cannot read.
import createClient from 'openapi-fetch';

import { serverSaid } from '$/language/clock.svelte';
import { answered, doubt, isGateway } from '$/parts/network.svelte';

import { Failure } from './failure';
import { patientFetch } from './patience';
import type { paths } from './schema';
import { taggedFetch } from './tagged';
import type { Problem } from './types';

/** Calls by path; use them through [`answer`]. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => taggedFetch(named(request), watchedFetch),
});

/** The header that names the person a request is meant for. */
export const PERSON_HEADER = 'Sosik-Person';

/** Requests for whoever has the session, or that begin one. */
const FOR_ANYBODY = new Set(['GET /v1/start', 'GET /v1/me', 'POST /v1/sessions', 'POST /v1/people', 'POST /v1/invitations/open', 'GET /v1/registration']);

let person: string | null = null;

/**
 * In whose name requests are sent from now on. Two people who share a browser share its session cookie: the server does
 * nothing for a request that names one of them and comes with the session of the other.
 */
export function speakFor(id: string | null): void {
  person = id;
}

function named(request: Request): Request {
  const call = `${request.method} ${new URL(request.url).pathname}`;
  if (person && !FOR_ANYBODY.has(call)) request.headers.set(PERSON_HEADER, person);
  return request;
}

/** An answer that takes longer gives reason to doubt that the server can be reached. */
const SLOW = 3_000;

/** `fetch` with patience, which doubts the server when it is slow, and takes the time from its answers. */
async function watchedFetch(request: Request): Promise<Response> {
  const slow = setTimeout(doubt, SLOW);
  try {
    const response = await patientFetch(request);
    serverSaid(response.headers.get('Date'));
    return response;
  } finally {
    clearTimeout(slow);
  }
}

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

let onOtherPerson: () => void = () => {};

/** Calls `then` when the server answers that the session belongs to another person. */
export function whenOtherPerson(then: () => void): void {
  onOtherPerson = then;
}

/** What the server answered; a [`Failure`] when it refused or could not be reached. */
export async function answer<T>(call: Promise<Called<T>>): Promise<T> {
  let called: Called<T>;
  try {
    called = await call;
  } catch {
    answered(false);
    throw Failure.offline();
  }
  const problem = called.error as Problem | undefined;
  if (isGateway(called.response.status) && !problem?.code) {
    answered(false);
    throw Failure.offline();
  }
  answered(true);
  if (called.response.ok) return called.data as T;
  const failure = Failure.of(problem, called.response.status);
  if (failure.code === 'unauthenticated') onSessionEnd();
  if (failure.code === 'other_person') onOtherPerson();
  throw failure;
}

/** A key under which a post is done once, however often it is sent. */
export function freshIdempotencyKey(): string {
  return crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join('-');
}
