// Photos that a person has chosen for a story, kept on the device until the server has the story: an upload
// continues after a reload and after the network was away.
import type { MediaKind } from '$/api/media';

import { put, remove, take, takeAll } from './db';

/** A chosen file, and how far its upload is. */
export interface KeptFile {
  /** Its key in the database. */
  key: string;
  person: string;
  blob: Blob;
  kind: MediaKind;
  /** When it was chosen, in milliseconds since 1970. */
  at: number;
  /** Its id, once the server has all of it. */
  media: string | null;
}

/** A photo in a draft: a file of this device, or one that the story has already. */
export interface Chosen {
  file?: string;
  media?: string;
  alt: string;
}

/** A file that was never posted is kept for this long, in milliseconds: a week, as a forgotten draft. */
const KEPT_FOR = 7 * 24 * 60 * 60_000;

/** Keeps a file. Says whether the device took it. */
export function keepFile(file: KeptFile): Promise<boolean> {
  return put('files', file.key, file);
}

/** The file of this key; undefined when it is not on the device. */
export function takeFile(key: string): Promise<KeptFile | undefined> {
  return take<KeptFile>('files', key);
}

/** Removes a file from the device. */
export function dropFile(key: string): Promise<void> {
  return remove('files', key);
}

/** Removes all files of a person. */
export async function dropFilesOf(person: string): Promise<void> {
  for (const file of await takeAll<KeptFile>('files')) if (file.person === person) await dropFile(file.key);
}

/** Removes files that were chosen long ago, except those in use. */
export async function dropOldFiles(now: number, inUse: ReadonlySet<string>): Promise<void> {
  for (const { key, at } of await takeAll<KeptFile>('files')) if (now - at > KEPT_FOR && !inUse.has(key)) await dropFile(key);
}
