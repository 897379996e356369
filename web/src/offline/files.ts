// Photos and videos that a person has chosen for a story, kept on the device until the server has the story: an upload
// continues after a reload and after the network was away.
import type { MediaKind } from '$/api/media';

import { put, remove, take, takeAll } from './db';

/** How far the upload of a file is. Kept apart from the file, so that a change does not write the whole file again. */
export interface KeptUpload {
  /** Its id, once the server has all of it. */
  media: string | null;
  /** The path of its upload, once the server has a part of it. */
  address?: string | null;
}

/** A chosen file, and how far its upload is. */
export interface KeptFile extends KeptUpload {
  /** Its key in the database. */
  key: string;
  person: string;
  blob: Blob;
  kind: MediaKind;
  /** When it was chosen, in milliseconds since 1970. */
  at: number;
}

/** A photo or video in a draft: a file of this device, or one that the story has already. */
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

/** Keeps how far the upload of a file is. */
export async function keepUpload(key: string, { media, address = null }: KeptUpload): Promise<void> {
  await put('uploads', key, { media, address } satisfies KeptUpload);
}

/** The file of this key; undefined when it is not on the device. */
export async function takeFile(key: string): Promise<KeptFile | undefined> {
  const file = await take<KeptFile>('files', key);
  return file && { ...file, ...(await take<KeptUpload>('uploads', key)) };
}

/** Removes a file from the device. */
export async function dropFile(key: string): Promise<void> {
  await remove('files', key);
  await remove('uploads', key);
}

/** Removes all files of a person. */
export async function dropFilesOf(person: string): Promise<void> {
  for (const file of await takeAll<KeptFile>('files')) if (file.person === person) await dropFile(file.key);
}

/** Removes files that were chosen long ago, except those in use. */
export async function dropOldFiles(now: number, inUse: ReadonlySet<string>): Promise<void> {
  for (const { key, at } of await takeAll<KeptFile>('files')) if (now - at > KEPT_FOR && !inUse.has(key)) await dropFile(key);
}
