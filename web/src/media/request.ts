// A request that sends a file or a part of one. It uses no `fetch`, which cannot report upload progress.
import { PERSON_HEADER } from '$/api/client';
import { Failure } from '$/api/failure';
import type { Problem } from '$/api/types';

import { STALLED_AFTER } from './limits';

/** What is sent, and in whose name. */
export interface Sending {
  method: string;
  path: string;
  person: string;
  headers?: Record<string, string>;
  body?: Blob | FormData;
  /** Called with the bytes that are sent so far, of all bytes of the request. */
  progress?: (sent: number, all: number) => void;
  signal?: AbortSignal;
}

/** What the server answered. */
export interface Answered {
  text: string;
  header: (name: string) => string | null;
}

/** Sends a request. Throws a [`Failure`] when the server refuses it, or when there is no progress for too long. */
export function sendBytes({ method, path, person, headers = {}, body, progress, signal }: Sending): Promise<Answered> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(Failure.offline());
    const request = new XMLHttpRequest();
    const watch = stalled(() => request.abort());
    const abort = () => request.abort();
    const ends = (then: () => void) => () => {
      watch.stop();
      signal?.removeEventListener('abort', abort);
      then();
    };
    request.open(method, path);
    for (const [name, value] of Object.entries({ [PERSON_HEADER]: person, ...headers })) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => {
      watch.moved();
      progress?.(loaded, total);
    };
    request.onload = ends(() => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) resolve({ text: responseText, header: (name) => request.getResponseHeader(name) });
      else reject(refusal(status, responseText));
    });
    request.onerror = request.onabort = ends(() => reject(Failure.offline()));
    signal?.addEventListener('abort', abort);
    request.send(body ?? null);
  });
}

function refusal(status: number, body: string): Failure {
  try {
    return Failure.of(JSON.parse(body) as Partial<Problem>, status);
  } catch {
    // A proxy on the way answered, or the request was one whose answer has no body.
    return status >= 500 ? Failure.offline() : new Failure('internal', status);
  }
}

/** Calls `then` when there was no progress for too long. */
function stalled(then: () => void): { moved: () => void; stop: () => void } {
  let timer = setTimeout(then, STALLED_AFTER);
  const stop = () => clearTimeout(timer);
  return { stop, moved: () => (stop(), (timer = setTimeout(then, STALLED_AFTER))) };
}
