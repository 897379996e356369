// A server that takes uploads, for tests: it answers when the test says so.
import { vi } from 'vitest';

import type { Media } from '$/api/media';

/** A request that is on its way. */
export interface Sending {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  person: string | null;
  /** So many bytes have arrived. */
  progress: (loaded: number, total: number) => void;
  answers: (status: number, body?: object, headers?: Record<string, string>) => void;
  breaks: () => void;
  aborted: boolean;
}

/** What the server made of a file. */
export const media = (id: string, change: Partial<Media> = {}): Media => ({
  id,
  kind: 'photo',
  state: 'ready',
  problem: null,
  width: 1200,
  height: 800,
  thumbhash: null,
  duration_ms: null,
  animated: false,
  ...change,
});

/** Takes the place of the browser's requests. `sent` has every upload that was begun; `onsend` may answer at once. */
export function takeUploads(onsend: (sending: Sending) => void = () => undefined): { sent: Sending[]; made: Map<string, Media>; deleted: string[] } {
  const sent: Sending[] = [];
  const made = new Map<string, Media>();
  const deleted: string[] = [];
  class Request {
    status = 0;
    responseText = '';
    upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
    onload?: () => void;
    onerror?: () => void;
    onabort?: () => void;
    #answered: Record<string, string> = {};
    #sending: Sending = {
      method: '',
      path: '',
      headers: {},
      body: null,
      person: null,
      aborted: false,
      progress: (loaded, total) => this.upload.onprogress?.({ loaded, total }),
      answers: (status, body, headers = {}) => {
        [this.status, this.responseText, this.#answered] = [status, body ? JSON.stringify(body) : '', headers];
        if (status === 201 && body) made.set((body as Media).id, body as Media);
        this.onload?.();
      },
      breaks: () => this.onerror?.(),
    };
    open(method: string, path: string): void {
      Object.assign(this.#sending, { method, path });
    }
    setRequestHeader(name: string, value: string): void {
      this.#sending.headers[name] = value;
      if (name === 'Sosik-Person') this.#sending.person = value;
    }
    getResponseHeader(name: string): string | null {
      return this.#answered[name] ?? null;
    }
    send(body: unknown): void {
      this.#sending.body = body;
      sent.push(this.#sending);
      onsend(this.#sending);
    }
    abort(): void {
      this.#sending.aborted = true;
      this.onabort?.();
    }
  }
  vi.stubGlobal('XMLHttpRequest', Request);
  // The one of jsdom does not take files of Node.
  vi.stubGlobal('FormData', class {
    append(): void {}
  });
  vi.stubGlobal('fetch', async (request: globalThis.Request) => {
    const id = new URL(request.url).pathname.split('/').at(-1) ?? '';
    if (request.method === 'DELETE') {
      deleted.push(id);
      return new Response(null, { status: 204 });
    }
    const found = made.get(id);
    return found ? Response.json(found) : Response.json({ code: 'not_found' }, { status: 404 });
  });
  URL.createObjectURL = () => 'blob:local';
  URL.revokeObjectURL = () => undefined;
  return { sent, made, deleted };
}

/** A file that a person has chosen. Node's own kind of file, which the database of the tests can keep. */
export async function photo(name = 'a.jpg', bytes = 10, type = 'image/jpeg'): Promise<File> {
  const { File: NodeFile } = await import('node:buffer');
  return new NodeFile([new Uint8Array(bytes)], name, { type }) as unknown as File;
}
