// Uploads a profile picture: crops it on this device, sends it, and waits until it is processed.
import { answer, api } from '$/api/client';
import { Failure } from '$/api/failure';
import type { Person } from '$/api/types';
import { askMedia } from '$/media/medium';
import { sendForm } from '$/media/transport';

import { SIDE, squareOf, type Crop } from './crop';

const PATH = '/v1/me/avatar';
const QUALITY = 0.92;
/** First wait before the server is asked whether the picture is ready, in milliseconds. It doubles up to the maximum. */
const ASK_FIRST = 300;
const ASK_MAX = 3_000;
/** Longest wait for processing, in milliseconds. A server that needs longer is too busy. */
const PATIENCE = 60_000;

/** Callbacks while it goes on. */
export interface Telling {
  /** The part that is sent, from 0 to 1. */
  progress: (part: number) => void;
  signal: AbortSignal;
}

/** Crops a picture to the square, as a JPEG without metadata. */
export function cutOut(picture: HTMLImageElement, crop: Crop): Promise<Blob> {
  const { x, y, side } = squareOf(crop, { width: picture.naturalWidth, height: picture.naturalHeight });
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const draw = canvas.getContext('2d');
  if (!draw) throw new Failure('internal', 500);
  // A JPEG has no transparency.
  draw.fillStyle = '#fff';
  draw.fillRect(0, 0, SIDE, SIDE);
  draw.imageSmoothingQuality = 'high';
  draw.drawImage(picture, x, y, side, side, 0, 0, SIDE, SIDE);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Failure('internal', 500))), 'image/jpeg', QUALITY),
  );
}

/** Uploads it, and waits until it is the person's picture. Returns the person with it. */
export async function sendAvatar(person: string, blob: Blob, telling: Telling): Promise<Person> {
  const { id } = await sendForm('PUT', PATH, { person, blob }, telling);
  telling.progress(1);
  await processed(id, telling.signal);
  return askMe();
}

/** Removes the person's picture. Returns the person without it. */
export async function removeAvatar(): Promise<Person> {
  await answer(api.DELETE(PATH));
  return askMe();
}

function askMe(): Promise<Person> {
  return answer(api.GET('/v1/me'));
}

async function processed(media: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + PATIENCE;
  for (let pause = ASK_FIRST; ; pause = Math.min(pause * 2, ASK_MAX)) {
    const { state, problem } = await askMedia(media);
    if (state === 'ready') return;
    if (state === 'failed') throw new Failure(problem?.code ?? 'media_broken', 422);
    if (signal.aborted) throw Failure.offline();
    if (performance.now() > until) throw new Failure('busy', 503);
    await new Promise((done) => setTimeout(done, pause));
  }
}
