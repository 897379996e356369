import { beforeEach, describe, expect, it, vi } from 'vitest';

import { forgetEverything } from '$/offline/db';
import { takeFile } from '$/offline/files';

import { AT_ONCE_BYTES_MAX, PART_BYTES } from './limits';
import { TusServer } from './test-tus';
import { photo } from './test-uploads';

/** Three parts, the last of which is short. */
const BYTES = 2 * PART_BYTES + 1_000;

let server: TusServer;
let uploads: typeof import('./uploads.svelte');

// Each test is a document of its own.
beforeEach(async () => {
  await forgetEverything();
  server = new TusServer();
  await reloads();
});

/** A page that begins anew. */
async function reloads(): Promise<void> {
  vi.resetModules();
  uploads = await import('./uploads.svelte');
}

const choose = async (bytes = BYTES) => uploads.choose('7', await photo('a.mp4', bytes, 'video/mp4'), 'video');
const patches = () => server.sent.filter(({ method }) => method === 'PATCH').map(({ headers }) => Number(headers['Upload-Offset']));

describe('a large file', () => {
  it('is sent in parts, in the name of its person, and becomes a medium with the id of its upload', async () => {
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('ready');
    expect(server.asked[0]).toBe('POST /v1/uploads');
    expect(server.sent[0]?.headers['Upload-Length']).toBe(String(BYTES));
    expect(patches()).toEqual([0, PART_BYTES, 2 * PART_BYTES]);
    expect(server.sent.every(({ person }) => person === '7')).toBe(true);
    expect(upload.kept.media).toBe('101');
    expect(await takeFile(upload.key)).toMatchObject({ media: '101', address: null });
  });

  it('is not one that fits into a single request', async () => {
    await choose(AT_ONCE_BYTES_MAX);
    await expect.poll(() => server.asked).toEqual(['POST /v1/media']);
  });

  it('continues where it was broken off, after a reload', async () => {
    server.breakAfter = 3_000_000;
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('stopped');
    expect((await takeFile(upload.key))?.address).toBe('/v1/uploads/101');
    await reloads();
    const again = await uploads.adopt(upload.key);
    await expect.poll(() => again?.state).toBe('ready');
    expect(server.asked.filter((asked) => asked.startsWith('POST'))).toHaveLength(1);
    expect(server.asked).toContain('HEAD /v1/uploads/101');
    expect(patches()).toEqual([0, 3_000_000, 3_000_000 + PART_BYTES]);
  });

  it('shows how much of all of it the server has', async () => {
    server.breakAfter = PART_BYTES / 2;
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('stopped');
    expect(upload.sent).toBeCloseTo(PART_BYTES / 2 / BYTES);
  });

  it('begins once more when the server does not know its upload any more', async () => {
    server.breakAfter = 1_000;
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('stopped');
    server.uploads.clear();
    uploads.retry(upload);
    await expect.poll(() => upload.state).toBe('ready');
    expect(upload.kept.media).toBe('102');
  });

  it('begins once more when its upload expires between two parts, but not again and again', async () => {
    server.refuse = { status: 410 };
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('ready');
    expect(upload.kept.media).toBe('102');
    server.uploads.set = () => server.uploads;
    const lost = await choose();
    await expect.poll(() => lost.state).toBe('failed');
    expect(server.asked.filter((asked) => asked === 'POST /v1/uploads')).toHaveLength(4);
  });

  it('is not sent again when only the answer to its last byte was lost', async () => {
    server.loseLast = true;
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('stopped');
    const before = patches().length;
    uploads.retry(upload);
    await expect.poll(() => upload.state).toBe('ready');
    expect(patches()).toHaveLength(before);
  });

  it('asks for its offset when another request moved it', async () => {
    server.refuse = { status: 409, code: 'upload_offset' };
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('ready');
    expect(server.asked[2]).toBe('HEAD /v1/uploads/101');
  });

  it('waits a moment while the server still takes what a lost connection sent', async () => {
    server.refuse = { status: 423, code: 'upload_busy' };
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('stopped');
    uploads.retry(upload);
    await expect.poll(() => upload.state).toBe('ready');
    expect(upload.kept.media).toBe('101');
  });

  it('goes on by itself after the server ended a part that had become silent', async () => {
    server.refuse = { status: 408, code: 'body_too_slow' };
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('stopped');
    uploads.retry(upload);
    await expect.poll(() => upload.state).toBe('ready');
    expect(upload.kept.media).toBe('101');
  });

  it('keeps what the server has while too many videos wait', async () => {
    server.refuse = { status: 409, code: 'videos_wait' };
    const upload = await choose();
    await expect.poll(() => upload.failure?.code).toBe('videos_wait');
    uploads.retry(upload);
    await expect.poll(() => upload.state).toBe('ready');
    expect(server.asked.filter((asked) => /^(POST|DELETE)/.test(asked))).toEqual(['POST /v1/uploads']);
  });

  it('that the server refuses to begin has failed', async () => {
    server.refuseNew = { status: 409, code: 'uploads_too_many' };
    const upload = await choose();
    await expect.poll(() => upload.failure?.code).toBe('uploads_too_many');
  });

  it('that the server refuses has failed, and begins from its first byte when the person says so', async () => {
    server.refuse = { status: 415, code: 'media_type_unsupported' };
    const upload = await choose();
    await expect.poll(() => upload.failure?.code).toBe('media_type_unsupported');
    uploads.retry(upload);
    await expect.poll(() => upload.state).toBe('ready');
    expect(upload.kept.media).toBe('102');
  });

  it('is deleted on the server when it is cancelled', async () => {
    server.breakAfter = 1_000;
    const upload = await choose();
    await expect.poll(() => upload.state).toBe('stopped');
    uploads.cancel(upload);
    await expect.poll(() => server.asked.at(-1)).toBe('DELETE /v1/uploads/101');
    expect(server.uploads.size).toBe(0);
    await expect.poll(() => takeFile(upload.key)).toBeUndefined();
  });
});
