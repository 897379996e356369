import { Blob as NodeBlob } from 'node:buffer';

import { beforeEach, describe, expect, it, vi } from 'vitest';

import { forgetEverything, takeAll } from '$/offline/db';
import { dropFile, takeFile, type KeptFile } from '$/offline/files';

import { UPLOADS_AT_ONCE_MAX } from './limits';
import { media, photo, takeUploads } from './test-uploads';

let server: ReturnType<typeof takeUploads>;
let uploads: typeof import('./uploads.svelte');

// Each test is a document of its own.
beforeEach(async () => {
  await forgetEverything();
  server = takeUploads();
  vi.resetModules();
  uploads = await import('./uploads.svelte');
});

/** A page that begins anew. */
async function reloads(): Promise<void> {
  vi.resetModules();
  uploads = await import('./uploads.svelte');
}

const choose = async (person = '7') => uploads.choose(person, await photo(), 'photo');
const begun = (count: number) => expect.poll(() => server.sent.length).toBe(count);

describe('files that are chosen', () => {
  it('are uploaded at once, in the name of their person, a few at a time', async () => {
    const all = [await choose(), await choose(), await choose(), await choose()];
    await begun(UPLOADS_AT_ONCE_MAX);
    expect(server.sent[0]?.person).toBe('7');
    server.sent[0]?.progress(5, 10);
    expect(all[0]?.sent).toBe(0.5);
    server.sent[0]?.answers(201, media('1'));
    await expect.poll(() => all[0]?.state).toBe('ready');
    await expect.poll(() => all.map(({ state }) => state)).toEqual(['ready', 'sending', 'sending', 'waiting']);
    expect(server.sent).toHaveLength(3);
    expect((await takeFile(all[0]!.key))?.media).toBe('1');
  });

  it('go on by themselves after the connection was lost', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const upload = await choose();
    await vi.waitFor(() => expect(server.sent).toHaveLength(1));
    server.sent[0]?.breaks();
    await vi.waitFor(() => expect(upload.state).toBe('stopped'));
    await vi.advanceTimersByTimeAsync(4_000);
    await vi.waitFor(() => expect(server.sent).toHaveLength(2));
    vi.useRealTimers();
    server.sent[1]?.answers(201, media('1'));
    await expect.poll(() => upload.state).toBe('ready');
  });

  it('that the server refuses have failed, until the person says to try again', async () => {
    const upload = await choose();
    await begun(1);
    server.sent[0]?.answers(422, { code: 'media_broken' });
    await expect.poll(() => upload.state).toBe('failed');
    expect(upload.failure?.code).toBe('media_broken');
    uploads.retry(upload);
    await begun(2);
    server.sent[1]?.answers(201, media('1'));
    await expect.poll(() => upload.state).toBe('ready');
  });

  it('have failed as well when the server finds so while it processes them', async () => {
    const upload = await choose();
    await begun(1);
    server.sent[0]?.answers(201, media('1', { state: 'failed', problem: { code: 'media_broken', detail: '' } }));
    await expect.poll(() => upload.failure?.code).toBe('media_broken');
  });

  it('that another tab has removed are not uploaded, unless the person says so', async () => {
    const all = [await choose(), await choose(), await choose()];
    await begun(UPLOADS_AT_ONCE_MAX);
    const removed = all[2]!;
    await dropFile(removed.key);
    server.sent[0]?.answers(201, media('1'));
    await expect.poll(() => removed.state).toBe('failed');
    expect(removed.failure?.code).toBe('file_gone');
    expect(server.sent).toHaveLength(2);
    uploads.retry(removed);
    await begun(3);
  });

  it('that left the gallery have failed, and are not tried for ever', async () => {
    const upload = await choose();
    await begun(1);
    vi.spyOn(NodeBlob.prototype, 'arrayBuffer').mockRejectedValue(new DOMException('gone', 'NotReadableError'));
    server.sent[0]?.breaks();
    await expect.poll(() => upload.state).toBe('failed');
    expect(upload.failure?.code).toBe('file_gone');
    vi.restoreAllMocks();
  });

  it('do not fit on a full server: that does not pass by itself', async () => {
    const upload = await choose();
    await begun(1);
    server.sent[0]?.answers(507, { code: 'media_quota' });
    await expect.poll(() => upload.state).toBe('failed');
  });

  it('leave nothing when they are cancelled, here or on the server', async () => {
    const [one, two] = [await choose(), await choose()];
    await begun(2);
    uploads.cancel(one);
    expect(server.sent[0]?.aborted).toBe(true);
    server.sent[1]?.answers(201, media('2'));
    await expect.poll(() => two.state).toBe('ready');
    uploads.cancel(two);
    await expect.poll(() => server.deleted).toEqual(['2']);
    await expect.poll(async () => (await takeAll<KeptFile>('files')).length).toBe(0);
  });

  it('are uploaded after a reload, and not again when the server has them', async () => {
    const [one, two] = [await choose(), await choose()];
    await begun(2);
    server.sent[0]?.answers(201, media('1'));
    await expect.poll(async () => (await takeFile(one.key))?.media).toBe('1');
    await reloads();
    const again = await uploads.adopt(one.key);
    await expect.poll(() => again?.state).toBe('ready');
    expect(server.sent).toHaveLength(2);
    await uploads.adopt(two.key);
    await begun(3);
    expect(await uploads.adopt('lost')).toBeNull();
  });

  it('are uploaded once more when the server did not keep them', async () => {
    const upload = await choose();
    await begun(1);
    server.sent[0]?.answers(201, media('1'));
    await expect.poll(() => upload.state).toBe('ready');
    server.made.clear();
    await reloads();
    const again = await uploads.adopt(upload.key);
    await begun(2);
    server.sent[1]?.answers(201, media('2'));
    await expect.poll(() => again?.kept.media).toBe('2');
  });
});
