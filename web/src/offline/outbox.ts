// Stories on their way to the server, kept on the device until it has said that it has them. Sent by the page that is
// open, or by the service worker when the network is back and no page is. Each carries an idempotency key, so it is posted
// once even when both send it.
import type { Audience, Problem, Story } from '$/api/types';

import { keysOf, put, remove, takeAll } from './db';
import { dropFile, dropFilesOf } from './files';

/** A photo or video of a story that is not sent yet. */
export interface UnsentAttachment {
  /** The key of its file. */
  file: string;
  alt: string;
  /** Its id, once the server has the file. */
  media: string | null;
}

/** A story that the server does not have yet, as far as we know. */
export interface Unsent {
  /** Its idempotency key, and its key in the database. */
  key: string;
  /** Who wrote it. */
  person: string;
  text: string;
  audience: Audience;
  attachments?: UnsentAttachment[];
  /** Its files were uploaded a second time, because the server did not keep them. */
  again?: boolean;
  /** When it was written, in milliseconds since 1970. */
  at: number;
  /** Why the server will not have it, by code; null while it may still. */
  refused: string | null;
}

/** How an attempt to send ended. */
export type Sent = { story: Story } | { refused: string } | 'later' | 'logged-out' | 'other-person';

/** Name of the background synchronisation that the service worker waits for. */
export const OUTBOX_SYNC = 'sosik-outbox';

/** Keeps a story to be sent. */
export function keepUnsent(unsent: Unsent): Promise<boolean> {
  return put('outbox', unsent.key, unsent);
}

/** The server has it, or the person does not want it any more: its files are not needed any more either. */
export async function dropUnsent({ key, attachments = [] }: Pick<Unsent, 'key' | 'attachments'>): Promise<void> {
  await remove('outbox', key);
  for (const { file } of attachments) await dropFile(file);
}

/** Removes a story from the outbox because it is edited again: its files stay. */
export function takeBack(key: string): Promise<void> {
  return remove('outbox', key);
}

/** Whether files of the story have to be uploaded before it can be sent. Only a page uploads files. */
export function awaitsFiles({ attachments = [] }: Unsent): boolean {
  return attachments.some(({ media }) => media === null);
}

/** A story as the server takes it. */
function bodyOf({ text, audience, attachments = [] }: Unsent): string {
  const media = attachments.map(({ media, alt }) => ({ media, alt }));
  return JSON.stringify({ text, audience, ...(media.length > 0 ? { attachments: media } : {}) });
}

/** What this person has not sent yet, oldest first. */
export async function allUnsent(person?: string): Promise<Unsent[]> {
  const all = await takeAll<Unsent>('outbox');
  return all.filter((unsent) => !person || unsent.person === person).sort((a, b) => a.at - b.at);
}

/** Tries once to send a story and says what came of it. `later` for everything that may pass. */
export async function sendOnce(unsent: Unsent, ask: typeof fetch = fetch): Promise<Sent> {
  let response: Response;
  try {
    response = await ask('/v1/stories', {
      method: 'POST',
      // The session may be another person's by now, who must not post this.
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': unsent.key, 'Sosik-Person': unsent.person },
      body: bodyOf(unsent),
    });
    if (response.ok) return { story: (await response.json()) as Story };
  } catch {
    return 'later';
  }
  if (response.status === 401) return 'logged-out';
  if (response.status === 429 || response.status >= 500) return 'later';
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  if (problem.code === 'other_person') return 'other-person';
  return { refused: problem.code ?? 'internal' };
}

/** Removes everything of this person from the device: the feed, what was begun, and what was not sent. */
export async function forgetPerson(person: string): Promise<void> {
  await remove('feeds', person);
  for (const key of await keysOf('drafts')) if (key.startsWith(`${person} `)) await remove('drafts', key);
  for (const unsent of await allUnsent(person)) await dropUnsent(unsent);
  await dropFilesOf(person);
}
