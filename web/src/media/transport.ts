// The way of a file to the server.
import { answer, api, PERSON_HEADER } from '$/api/client';
import { Failure } from '$/api/failure';
import type { Media } from '$/api/media';
import type { Problem } from '$/api/types';
import type { KeptFile } from '$/offline/files';

import { FILE_BYTES_MAX, STALLED_AFTER } from './limits';

/** What an upload tells while it goes on. */
export interface Telling {
  /** The part that is sent, from 0 to 1. */
  progress: (part: number) => void;
  signal: AbortSignal;
}

/** Sends a file. Answers what the server made of it; throws a [`Failure`]. */
export async function sendFile(file: KeptFile, telling: Telling): Promise<Media> {
  if (file.blob.size > FILE_BYTES_MAX) throw new Failure('media_too_large', 413);
  return atOnce(file, telling);
}

/** In one request. `fetch` cannot tell how much of it is sent. */
function atOnce({ blob, person }: KeptFile, { progress, signal }: Telling): Promise<Media> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const watch = stalled(() => request.abort());
    const ends = (then: () => void) => () => (watch.stop(), then());
    request.open('POST', '/v1/media');
    request.setRequestHeader(PERSON_HEADER, person);
    request.upload.onprogress = ({ loaded, total }) => {
      watch.moved();
      progress(total > 0 ? loaded / total : 0);
    };
    request.onload = ends(() => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as Media);
      else reject(refusal(request.status, request.responseText));
    });
    request.onerror = request.onabort = ends(() => reject(Failure.offline()));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    const form = new FormData();
    // The name of a file is nobody's business.
    form.append('file', blob, 'file');
    request.send(form);
  });
}

/** What the server has made of a medium so far. */
export function askMedia(media: string): Promise<Media> {
  return answer(api.GET('/v1/media/{media}', { params: { path: { media } } }));
}

/** Deletes what the server has of a file that is not wanted any more. It would expire by itself, so failing does not matter. */
export function forgetUpload({ media }: KeptFile): void {
  if (media) void api.DELETE('/v1/media/{media}', { params: { path: { media } } }).catch(() => undefined);
}

function refusal(status: number, body: string): Failure {
  try {
    return Failure.of(JSON.parse(body) as Partial<Problem>, status);
  } catch {
    // A proxy on the way answered.
    return status >= 500 ? Failure.offline() : new Failure('internal', status);
  }
}

/** Calls `then` when nothing has moved for too long. */
function stalled(then: () => void): { moved: () => void; stop: () => void } {
  let timer = setTimeout(then, STALLED_AFTER);
  const stop = () => clearTimeout(timer);
  return { stop, moved: () => (stop(), (timer = setTimeout(then, STALLED_AFTER))) };
}
