// Who is using this device. The session itself is a cookie that scripts cannot read; what is known here is only the person
// it belongs to, kept on the device so that the next start need not wait for the answer.
import { answer, api, speakFor } from '$/api/client';
import { Failure } from '$/api/failure';
import type { Person } from '$/api/types';
import { forgetFeed, keepWhereLeft } from '$/feed/snapshot';
import { forgetPerson } from '$/offline/outbox';
import { keep, keepInTab, kept } from '$/offline/settings';
import { to } from '$/router/routes';
import { authorIs } from '$/stories/live.svelte';
import { language } from '$/language/index.svelte';

import { hearTabs } from './acts';
import { forgetAnswers } from './forgetting';

class Session {
  me = $state.raw<Person | null>(remembered());
  /** Whether the server has told us. Until then `me` is what this device remembers. */
  known = $state(false);
  /** Why the server did not say who this is, when it was last asked. */
  failure = $state.raw<Failure | null>(null);
  publicPage = $state(false);
  openToStrangers = $state(false);
}

const session = new Session();
speakFor(session.me?.id ?? null);

/** A fresh document is on its way. */
let leaving = false;

/** The request that ends the session is in flight. `isRefused`: another request was refused in the meantime. */
let ending: { isRefused: boolean } | null = null;

/** The person who is logged in, as far as is known. */
export function me(): Person | null {
  return session.me;
}

/** Whether it is certain whether somebody is logged in. */
export function isKnown(): boolean {
  return session.known;
}

/** Whether it is certain that nobody is logged in. */
export function isStranger(): boolean {
  return session.known && session.me === null;
}

/** Whether this service has a page of public stories, as far as is known. */
export function hasPublicPage(): boolean {
  return session.publicPage;
}

/** Whether people without an account see public stories and profiles, as far as is known. */
export function isOpenToStrangers(): boolean {
  return session.openToStrangers;
}

/** Why it is not known who this is; null while the server is asked. */
export function whyUnknown(): Failure | null {
  return session.known ? null : session.failure;
}

/** Asks the server who this is. That nobody is logged in is an answer, and no error. Without an answer, what the device remembers stays and [`whyUnknown`] has the reason. */
export async function askWho(): Promise<void> {
  session.failure = null;
  try {
    const { person, public_page, open_to_strangers } = await answer(api.GET('/v1/start'));
    session.publicPage = public_page;
    session.openToStrangers = open_to_strangers;
    if (person) become(person);
    else await forget();
  } catch (error) {
    session.failure = Failure.from(error);
  }
}

/** Logs in. */
export async function logIn(handle: string, password: string): Promise<void> {
  const { person } = await answer(api.POST('/v1/sessions', { body: { handle, password } }));
  // Whoever has an account needs no invitation, nor does the next person in this tab.
  keepInTab('invitation', null);
  become(person);
  void askWho();
}

/** Makes an account and logs in to it; with the token of an invitation, if there is one. Returns the person who invited. */
export async function signUp(handle: string, name: string, password: string, invitation?: string): Promise<Person | null> {
  const body = { handle, display_name: name, password, language: language(), ...(invitation ? { invitation } : {}) };
  const { person, invited_by } = await answer(api.POST('/v1/people', { body }));
  become(person);
  // At the gate nobody asked what there is on this service.
  void askWho();
  return invited_by ?? null;
}

/** Ends the session and leaves nothing of it on the device. */
export async function logOut(): Promise<void> {
  await endSession(() => answer(api.DELETE('/v1/sessions/current')), to.logIn);
}

/**
 * Sends a request that ends the session. Then nothing of the person stays on the device, and the page goes to this address.
 *
 * The live stream ends with the session, so other requests may be refused before this one is answered. [`forget`] leaves it to
 * the answer where to go: when this request fails, the session has ended for another reason.
 */
export async function endSession(request: () => Promise<unknown>, address: string): Promise<void> {
  const asked = (ending = { isRefused: false });
  try {
    await request();
  } catch (failure) {
    ending = null;
    if (asked.isRefused) void forget();
    throw failure;
  }
  if (session.me) await forgetPerson(session.me.id);
  await leaveFor(address);
  ending = null;
}

/**
 * There is no session any more: nothing of the feed stays, in memory or on the device. What the person has written and not
 * sent stays for when they log in again, unless they ended the session themselves. The log-in page says what happened and
 * leads back to where they were.
 */
export async function forget(): Promise<void> {
  if (ending) ending.isRefused = true;
  else await leaveFor(backHere());
}

// The other tab removes what the person has not sent.
hearTabs('accountDeleted', () => void leaveFor(to.accountDeleted));

/** Forgets the feed, in memory and on the device. If somebody was logged in, a fresh document opens at this address. */
async function leaveFor(address: string): Promise<void> {
  const had = session.me;
  forgetAnswers();
  keep('me', null);
  keepWhereLeft(null);
  if (had) {
    keepInTab('invitation', null);
    await forgetFeed(had.id);
  }
  if (leaving) return;
  if (had) {
    // A fresh document is the one sure way to hold nothing of the person in memory. Until it is there nothing else may
    // lead away: neither the page one is on, for lack of a person, nor another request that is refused.
    startOver(address);
    return;
  }
  isNobody();
}

/** Nobody is logged in, as far as anybody needs to know here. */
export function isNobody(): void {
  session.me = null;
  session.known = true;
}

/** The log-in page, for somebody whose session has ended while they were here. */
function backHere(): string {
  const here = location.pathname + location.search;
  return `${to.logIn}?ended${here === '/' ? '' : `&next=${encodeURIComponent(here)}`}`;
}

/** The session belongs to another person now. A fresh document asks who that is and shows nothing of the person before. */
export function otherPerson(): void {
  if (leaving) return;
  keep('me', null);
  startOver();
}

/** Another tab of this browser keeps this as the person who is logged in. */
export function heardOfPerson(text: string | null): void {
  const other = personOf(text);
  if (!other || !session.me || leaving) return;
  if (other.id !== session.me.id) return startOver();
  // The same person, with another name perhaps.
  session.me = other;
  authorIs(other);
}

/** A fresh document. Until it is there, nothing more is done in anybody's name. */
function startOver(address: string = to.home): void {
  leaving = true;
  location.assign(address);
}

/** This is the person, as of now. */
export function become(person: Person): void {
  if (leaving) return;
  const had = session.me;
  keep('me', JSON.stringify(person));
  // The screen and the memory still show the previous person.
  if (had && had.id !== person.id) return startOver();
  // What a stranger was shown.
  if (!had) forgetAnswers();
  session.me = person;
  session.known = true;
  authorIs(person);
  speakFor(person.id);
  document.documentElement.dataset['known'] = '';
}

function remembered(): Person | null {
  return personOf(kept('me'));
}

function personOf(text: string | null): Person | null {
  try {
    return JSON.parse(text ?? 'null') as Person | null;
  } catch {
    return null;
  }
}
