// Uploads in parts (tus 1.0, https://tus.io/protocols/resumable-upload): the client asks for the offset and sends the
// rest.
// The upload is created by a request without a body. If that request had the first part and its connection broke, the
// client
// would not know the address of the upload, which would count for the person's quota until it expires. Parts carry no
// checksum: TLS protects them, and with a checksum the server would have to drop an incomplete part instead of keeping it.
import { Failure } from '$/api/failure';
import type { Media } from '$/api/media';
import type { KeptFile } from '$/offline/files';

import { PART_BYTES } from './limits';
import { askMedia } from './medium';
import { sendBytes, type Answered, type Sending } from './request';
import type { Telling } from './transport';

const UPLOADS = '/v1/uploads';
const VERSION = { 'Tus-Resumable': '1.0.0' };
/** Most requests for the offset without progress. Other requests may append to the upload at the same time. */
const MOVES_MAX = 3;

/** Sends a file, or the rest of it. If the server does not know the upload any more, it starts again once. */
export async function sendInParts(file: KeptFile, telling: Telling): Promise<Media> {
  const known = file.address ?? null;
  try {
    return await sendRest(file, known, telling);
  } catch (error) {
    if (!isGone(error)) throw error;
    return (known && (await completed(mediaOf(known)))) || sendRest(file, null, telling);
  }
}

/** Deletes an upload. Failures are ignored, because it expires by itself. */
export function endUpload(address: string, person: string): void {
  void ask('DELETE', address, { person }).catch(() => undefined);
}

async function sendRest(file: KeptFile, known: string | null, telling: Telling): Promise<Media> {
  const { person, blob } = file;
  const address = known ?? (await create(file, telling));
  let offset = known ? await offsetOf(address, person, telling) : 0;
  for (let moves = 0; offset < blob.size; ) {
    telling.progress(offset / blob.size);
    try {
      offset = await sendPart(file, address, offset, telling);
      moves = 0;
      telling.arrived();
    } catch (error) {
      if (!isMoved(error)) throw error;
      moves += 1;
      if (moves > MOVES_MAX) throw Failure.offline();
      offset = await offsetOf(address, person, telling);
    }
  }
  return askMedia(mediaOf(address));
}

/** Creates the upload. Returns its path. */
async function create({ person, blob }: KeptFile, { begun, signal }: Telling): Promise<string> {
  const answered = await ask('POST', UPLOADS, { person, signal, headers: { 'Upload-Length': String(blob.size) } });
  const address = new URL(answered.header('Location') ?? '', location.href).pathname;
  if (!address.startsWith(`${UPLOADS}/`)) throw new Failure('internal', 500);
  await begun(address);
  return address;
}

/** The id of an upload is the id of its medium. */
function mediaOf(address: string): string {
  return address.split('/').at(-1) ?? '';
}

/** The medium, if the server had the last byte and only its answer was lost. */
async function completed(media: string): Promise<Media | null> {
  try {
    return await askMedia(media);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** How many bytes the server has. */
async function offsetOf(address: string, person: string, { signal }: Telling): Promise<number> {
  return offsetIn(await ask('HEAD', address, { person, signal }));
}

/** Sends one part. Returns how many bytes the server has then. */
async function sendPart({ person, blob }: KeptFile, address: string, offset: number, { progress, signal }: Telling): Promise<number> {
  const answered = await ask('PATCH', address, {
    person,
    signal,
    headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) },
    body: blob.slice(offset, offset + PART_BYTES, 'application/offset+octet-stream'),
    progress: (sent) => progress(Math.min((offset + sent) / blob.size, 1)),
  });
  const next = offsetIn(answered);
  // A server that takes nothing would be asked for ever.
  if (next <= offset) throw new Failure('internal', 500);
  return next;
}

function offsetIn(answered: Answered): number {
  const offset = Number(answered.header('Upload-Offset') ?? Number.NaN);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Failure('internal', 500);
  return offset;
}

async function ask(method: string, path: string, { headers, ...rest }: Omit<Sending, 'method' | 'path'>): Promise<Answered> {
  try {
    return await sendBytes({ method, path, headers: { ...VERSION, ...headers }, ...rest });
  } catch (error) {
    // For the server a request whose connection is lost may still go on: the upload continues a moment later.
    throw isLocked(error) ? Failure.offline() : error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Failure && (error.status === 404 || error.status === 410);
}

function isLocked(error: unknown): boolean {
  return error instanceof Failure && error.status === 423;
}

function isMoved(error: unknown): boolean {
  return error instanceof Failure && error.code === 'upload_offset';
}
