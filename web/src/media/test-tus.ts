// A server that takes uploads in parts (tus 1.0), for tests.
import { media, takeUploads, type Sending } from './test-uploads';

/** What the server has of an upload. */
interface Held {
  length: number;
  bytes: number;
}

/** The server, with what a test may make go wrong. */
export class TusServer {
  readonly uploads = new Map<string, Held>();
  /** The connection breaks after this number of bytes of the next part. The server keeps those bytes. */
  breakAfter: number | null = null;
  /** The answer to the last byte is lost. */
  loseLast = false;
  /** The next part is refused with this, once. */
  refuse: { status: number; code?: string } | null = null;
  /** New uploads are refused with this. */
  refuseNew: { status: number; code: string } | null = null;
  readonly #server = takeUploads((sending) => queueMicrotask(() => this.#take(sending)));
  #ids = 100;

  get made() {
    return this.#server.made;
  }

  /** What was asked, in short. */
  get asked(): string[] {
    return this.#server.sent.map(({ method, path }) => `${method} ${path}`);
  }

  /** The requests. */
  get sent(): Sending[] {
    return this.#server.sent;
  }

  #take(sending: Sending): void {
    const { method, path, headers } = sending;
    if (headers['Tus-Resumable'] !== '1.0.0') return sending.answers(412);
    if (method === 'POST' && path === '/v1/uploads') return this.#create(sending);
    const id = path.replace('/v1/uploads/', '');
    const upload = this.uploads.get(id);
    if (!upload) return sending.answers(404, { code: 'not_found' });
    if (method === 'HEAD') return sending.answers(200, undefined, { 'Upload-Offset': String(upload.bytes) });
    if (method === 'PATCH') return this.#patch(sending, id, upload);
    this.uploads.delete(id);
    sending.answers(204);
  }

  #create(sending: Sending): void {
    if (this.refuseNew) return sending.answers(this.refuseNew.status, { code: this.refuseNew.code });
    const id = String((this.#ids += 1));
    this.uploads.set(id, { length: Number(sending.headers['Upload-Length']), bytes: 0 });
    sending.answers(201, undefined, { Location: `/v1/uploads/${id}` });
  }

  #patch(sending: Sending, id: string, upload: Held): void {
    if (this.refuse) {
      const { status, code } = this.refuse;
      this.refuse = null;
      return sending.answers(status, code ? { code } : undefined);
    }
    if (sending.headers['Upload-Offset'] !== String(upload.bytes)) return sending.answers(409, { code: 'upload_offset' });
    const size = (sending.body as Blob).size;
    if (this.breakAfter !== null) {
      upload.bytes += Math.min(this.breakAfter, size);
      sending.progress(this.breakAfter, size);
      this.breakAfter = null;
      return sending.breaks();
    }
    upload.bytes += size;
    sending.progress(size, size);
    if (upload.bytes < upload.length) return sending.answers(204, undefined, { 'Upload-Offset': String(upload.bytes) });
    this.made.set(id, media(id));
    this.uploads.delete(id);
    if (this.loseLast) sending.breaks();
    else sending.answers(204, undefined, { 'Upload-Offset': String(upload.bytes) });
  }
}
