// Sends files to the server: small files in one request, larger ones in parts.
import { Failure } from '$/api/failure';
import type { Media } from '$/api/media';
import type { KeptFile } from '$/offline/files';

import { AT_ONCE_BYTES_MAX, isTooLarge } from './limits';
import { forgetMedia } from './medium';
import { sendBytes } from './request';
import { endUpload, sendInParts } from './tus';

/** What an upload tells while it goes on. */
export interface Telling {
  /** The part that is sent, from 0 to 1. */
  progress: (part: number) => void;
  /** The server has begun an upload at this path. What is sent is kept there. */
  begun: (address: string) => Promise<void> | void;
  /** The server has more of it than before. */
  arrived: () => void;
  signal: AbortSignal;
}

/** Sends a file. Returns what the server made of it; throws a [`Failure`]. */
export async function sendFile(file: KeptFile, telling: Telling): Promise<Media> {
  const { blob, kind, person, address } = file;
  if (isTooLarge(blob.size, kind)) throw new Failure('media_too_large', 413);
  if (address || blob.size > AT_ONCE_BYTES_MAX) return sendInParts(file, telling);
  return sendForm('POST', '/v1/media', { person, blob }, telling);
}

/** Sends a file as a form, in one request. */
export async function sendForm(
  method: string,
  path: string,
  { person, blob }: Pick<KeptFile, 'person' | 'blob'>,
  { progress, signal }: Pick<Telling, 'progress' | 'signal'>,
): Promise<Media> {
  const body = new FormData();
  // The name of the file is private, so it is not sent.
  body.append('file', blob, 'file');
  const told = (sent: number, all: number) => progress(all > 0 ? sent / all : 0);
  const { text } = await sendBytes({ method, path, person, body, progress: told, signal });
  return JSON.parse(text) as Media;
}

/** Deletes what the server has of a file that is not wanted any more. */
export function forgetUpload({ media, address, person }: KeptFile): void {
  if (media) forgetMedia(media);
  else if (address) endUpload(address, person);
}
