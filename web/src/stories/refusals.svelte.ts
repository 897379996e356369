// Mentions that will stay plain text, because the people named take none from this person. The writer is told before the
// text is sent; the server decides.
import { answer, api } from '$/api/client';
import { Failure } from '$/api/failure';
import type { Person } from '$/api/types';

const MENTION = /(?<![A-Za-z0-9_/@＠])[@＠]([A-Za-z][A-Za-z0-9_]{2,19})(?![A-Za-z0-9_@＠]|\.[A-Za-z])/g;

/** So many people are asked for, to find one: friends whose handles begin alike come first. */
const FOUND_MAX = 5;
/** So many unknown people are looked up for one text: more mentions than this are rare. */
const LOOK_UPS_MAX = 5;

class Refusals {
  /** By handle: whether they refuse a mention. */
  known = $state.raw<Record<string, boolean>>({});
}

const refusals = new Refusals();
const asked = new Set<string>();

/** The handles that a text mentions, in lower case, each once. */
export function handlesIn(text: string): string[] {
  return [...new Set([...text.matchAll(MENTION)].map(([, handle]) => (handle ?? '').toLowerCase()))];
}

/** The handles in a text whose people refuse a mention, as far as it is known here. */
export function refusedIn(text: string): string[] {
  return handlesIn(text).filter((handle) => refusals.known[handle]);
}

/** What the server says of people it has found. */
export function hearOf(people: readonly Person[]): void {
  const news = Object.fromEntries(people.map(({ handle, can_mention }) => [handle, can_mention === false]));
  for (const handle of Object.keys(news)) asked.add(handle);
  refusals.known = { ...refusals.known, ...news };
}

/** Looks up people of whom nothing is known: in a draft that is taken up again, or in a text that was pasted. */
export function askAbout(text: string): void {
  const unknown = handlesIn(text).filter((handle) => !asked.has(handle));
  for (const handle of unknown.slice(0, LOOK_UPS_MAX)) {
    asked.add(handle);
    void find(handle)
      .then(hearOf)
      // Asked again with the next text, unless there is nobody.
      .catch((error: unknown) => Failure.from(error).status !== 404 && asked.delete(handle));
  }
}

/** What these people are to the writer has changed, and with it what they take: they are asked for again. */
export function forgetRefusals(): void {
  asked.clear();
  refusals.known = {};
}

/** The person with this handle, perhaps among others. A search for nobody is no error, so it comes first. */
async function find(handle: string): Promise<Person[]> {
  const { items, end } = await answer(api.GET('/v1/people', { params: { query: { q: `@${handle}`, limit: FOUND_MAX } } }));
  if (end || items.some((person) => person.handle === handle)) return items;
  return [await answer(api.GET('/v1/people/{handle}', { params: { path: { handle } } }))];
}
