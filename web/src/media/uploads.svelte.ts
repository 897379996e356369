// Files on their way to the server. An upload begins when its file is chosen, so that it is often complete before the story
// is posted. At most a few go on at once; the others wait. An upload that lost its connection continues by itself, also
// after a reload.
import type { MediaKind } from '$/api/media';
import { freshIdempotencyKey } from '$/api/client';
import { Failure } from '$/api/failure';
import { present } from '$/language/clock.svelte';
import { dropFile, dropOldFiles, keepFile, keepUpload, takeFile, type KeptFile, type KeptUpload } from '$/offline/files';
import { whenBack } from '$/parts/network.svelte';

import { UPLOADS_AT_ONCE_MAX, WAIT_FIRST, WAIT_MAX } from './limits';
import { askMedia } from './medium';
import { forgetUpload, sendFile } from './transport';

/** How far an upload is. `stopped` continues by itself, `failed` when the person says so. */
export type UploadState = 'waiting' | 'sending' | 'stopped' | 'processing' | 'ready' | 'failed';

/** While the server processes a medium it is asked so often, in milliseconds. The wait doubles up to the maximum. */
const ASK_FIRST = 1_000;
const ASK_MAX = 4_000;

/** The file is not on the device any more: another tab removed or posted it, or it left the gallery. */
const FILE_GONE = new Failure('file_gone', 404);

/** What still shows a file of this device has ended by then, in milliseconds. */
const REVOKED_AFTER = 10_000;

/** One file on its way. */
export class Upload {
  state = $state<UploadState>('waiting');
  /** The part that is sent, from 0 to 1. */
  sent = $state(0);
  /** Why it failed. */
  failure = $state.raw<Failure | null>(null);
  readonly key: string;
  readonly kind: MediaKind;
  /** The file as a picture or video of this page. */
  readonly local: string;
  kept: KeptFile;
  /** The device keeps the file. */
  isKept: boolean;
  abort = new AbortController();

  constructor(kept: KeptFile, isKept: boolean) {
    this.kept = kept;
    this.isKept = isKept;
    this.key = kept.key;
    this.kind = kept.kind;
    this.local = URL.createObjectURL(kept.blob);
    if (kept.media) this.state = 'processing';
  }

  /** The server has all of it. */
  get isSent(): boolean {
    return this.kept.media !== null;
  }

  /** Whether the file is still wanted. */
  get isWanted(): boolean {
    return uploads.get(this.key) === this;
  }
}

const uploads = new Map<string, Upload>();
const queue: Upload[] = [];
let sending = 0;
let wait = WAIT_FIRST;
let timer: ReturnType<typeof setTimeout> | undefined;
const settledListeners = new Set<() => void>();

whenBack(continueAll);

/** Calls `then` whenever an upload is complete or has failed. Returns how to stop. */
export function whenSettled(then: () => void): () => void {
  settledListeners.add(then);
  return () => settledListeners.delete(then);
}

/** Takes a file that a person has chosen, and begins to upload it. */
export async function choose(person: string, file: Blob, kind: MediaKind): Promise<Upload> {
  const upload = new Upload({ key: freshIdempotencyKey(), person, blob: file, kind, at: present(), media: null }, false);
  uploads.set(upload.key, upload);
  // A device that refuses to keep it uploads it all the same; it is only lost with the page.
  upload.isKept = await keepFile(upload.kept);
  enqueue(upload);
  return upload;
}

/** Takes up a file that was chosen before; null when the device has lost it. */
export async function adopt(key: string): Promise<Upload | null> {
  const known = uploads.get(key);
  if (known) return known;
  const kept = await takeFile(key);
  if (!kept) return null;
  const upload = uploads.get(key) ?? new Upload(kept, true);
  if (!uploads.has(key)) {
    uploads.set(key, upload);
    if (upload.isSent) void follow(upload);
    else enqueue(upload);
  }
  return upload;
}

/** Uploads it again after it failed. A file that the server refused begins from its first byte. */
export function retry(upload: Upload): void {
  if (upload.state !== 'failed' && upload.state !== 'stopped') return;
  const { failure } = upload;
  upload.failure = null;
  // The page may still be able to read it, and the person wants it.
  if (failure?.code === 'file_gone') upload.isKept = false;
  if (upload.state === 'stopped' || isForLater(failure)) return enqueue(upload);
  forgetUpload(upload.kept);
  startOver(upload);
}

/** The server keeps what it has of the file, and takes the rest when there is room. */
function isForLater(failure: Failure | null): boolean {
  return failure?.code === 'videos_wait' || failure?.code === 'media_quota' || failure?.status === 507;
}

/** The person does not want it any more: nothing of it stays, here or on the server. */
export function cancel(upload: Upload): void {
  // In this order: the server may refuse to delete what it is still receiving.
  finish(upload);
  forgetUpload(upload.kept);
}

/** A story has it: nothing of it has to stay on the device. */
export function finish(upload: Upload): void {
  release(upload.key);
  void dropFile(upload.key);
}

/** The page needs it no longer: its story is posted. */
export function release(key: string): void {
  const upload = uploads.get(key);
  if (!upload) return;
  uploads.delete(key);
  upload.abort.abort();
  setTimeout(() => URL.revokeObjectURL(upload.local), REVOKED_AFTER);
}

/** Forgets files that were chosen long ago and never posted. */
export function sweep(): void {
  void dropOldFiles(present(), new Set(uploads.keys()));
}

function enqueue(upload: Upload): void {
  upload.state = 'waiting';
  if (!queue.includes(upload)) queue.push(upload);
  pump();
}

function pump(): void {
  while (sending < UPLOADS_AT_ONCE_MAX) {
    const next = queue.shift();
    if (!next) return;
    if (!next.isWanted) continue;
    sending += 1;
    void alone(next.key, () => send(next)).finally(() => {
      sending -= 1;
      pump();
    });
  }
}

/** Two tabs with the same draft must not upload the same file at once. */
function alone(key: string, work: () => Promise<void>): Promise<void> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks ? locks.request(`sosik-upload-${key}`, () => work()).then(() => undefined) : work();
}

async function send(upload: Upload): Promise<void> {
  // Another tab may have sent it meanwhile, or removed it.
  const kept = await takeFile(upload.key);
  if (!upload.isWanted) return;
  if (!kept && upload.isKept) return fail(upload, FILE_GONE);
  upload.kept = kept ?? upload.kept;
  if (upload.isSent) return void follow(upload);
  upload.state = 'sending';
  upload.abort = new AbortController();
  try {
    const media = await sendFile(upload.kept, {
      progress: (part) => (upload.sent = part),
      begun: (address) => (upload.isWanted ? remember(upload, { address }) : forgetUpload({ ...upload.kept, address })),
      arrived: () => (wait = WAIT_FIRST),
      signal: upload.abort.signal,
    });
    if (!upload.isWanted) return forgetUpload({ ...upload.kept, media: media.id });
    wait = WAIT_FIRST;
    await remember(upload, { media: media.id, address: null });
    void follow(upload);
    settled();
  } catch (error) {
    // A file that left the gallery fails as a request without a network does.
    const failure = (await canBeRead(upload.kept.blob)) ? Failure.from(error) : FILE_GONE;
    if (upload.isWanted) stop(upload, failure);
  }
}

function canBeRead(file: Blob): Promise<boolean> {
  const firstByte = file.slice(0, 1).arrayBuffer();
  return firstByte.then(
    () => true,
    () => false,
  );
}

function stop(upload: Upload, failure: Failure): void {
  const isFull = failure.status === 507;
  if (failure.passes && !isFull && failure.code !== 'internal') {
    upload.state = 'stopped';
    continueLater();
    return;
  }
  fail(upload, failure);
}

function fail(upload: Upload, failure: Failure): void {
  upload.failure = failure;
  upload.state = 'failed';
  settled();
}

/** Asks what becomes of the medium, until it is ready, has failed or is not wanted any more. */
async function follow(upload: Upload): Promise<void> {
  upload.state = 'processing';
  for (let pause = ASK_FIRST; upload.isWanted && upload.kept.media; pause = Math.min(pause * 2, ASK_MAX)) {
    const media = await askMedia(upload.kept.media).catch((error: unknown) => Failure.from(error));
    if (!upload.isWanted) return;
    if (media instanceof Failure) {
      if (media.status === 404) return startOver(upload);
    } else if (media.state === 'ready') {
      upload.state = 'ready';
      return settled();
    } else if (media.state === 'failed') {
      return fail(upload, new Failure(media.problem?.code ?? 'media_broken', 422));
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

/** The server does not have it: it is uploaded from its first byte. */
function startOver(upload: Upload): void {
  upload.sent = 0;
  void remember(upload, { media: null, address: null });
  enqueue(upload);
}

/** The server said that it does not have these files: they are uploaded once more. */
export async function uploadAgain(keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const upload = await adopt(key);
    if (upload) startOver(upload);
  }
}

async function remember(upload: Upload, change: Partial<KeptUpload>): Promise<void> {
  upload.kept = { ...upload.kept, ...change };
  if (upload.isWanted) await keepUpload(upload.key, upload.kept);
}

function settled(): void {
  for (const then of settledListeners) then();
}

function continueLater(): void {
  clearTimeout(timer);
  timer = setTimeout(continueAll, wait);
  wait = Math.min(wait * 2, WAIT_MAX);
}

function continueAll(): void {
  for (const upload of uploads.values()) if (upload.state === 'stopped') enqueue(upload);
}
