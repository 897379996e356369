// Stories with photos on their way: sent when the server has the photos, and not before.
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { media, photo, takeUploads } from '$/media/test-uploads';
import { forgetEverything, take, takeAll } from '$/offline/db';
import { takeFile } from '$/offline/files';
import { allUnsent, awaitsFiles, type Unsent } from '$/offline/outbox';

let server: ReturnType<typeof takeUploads>;
let outbox: typeof import('./outbox.svelte');
let uploads: typeof import('$/media/uploads.svelte');
let posted: { attachments?: { media: string; alt: string }[]; text: string }[];
/** What the server answers to the next stories, before it takes one. */
let refusals: { status: number; code: string }[];

async function opens(): Promise<void> {
  vi.resetModules();
  outbox = await import('./outbox.svelte');
  uploads = await import('$/media/uploads.svelte');
}

beforeEach(async () => {
  await forgetEverything();
  server = takeUploads();
  [posted, refusals] = [[], []];
  const others = globalThis.fetch;
  vi.stubGlobal('fetch', async (request: Request | string, init?: RequestInit) => {
    if (request !== '/v1/stories') return others(request as Request);
    posted.push(JSON.parse(String(init?.body)));
    const refusal = refusals.shift();
    return refusal ? Response.json({ code: refusal.code }, { status: refusal.status }) : Response.json({ id: '9' }, { status: 201 });
  });
  await opens();
});

async function chosen(): Promise<{ file: string; alt: string; media: null }> {
  const upload = await uploads.choose('7', await photo(), 'photo');
  return { file: upload.key, alt: 'A cat', media: null };
}

describe('a story with photos', () => {
  it('is sent when all of them are uploaded, and leaves no file on the device', async () => {
    const [one, two] = [await chosen(), await chosen()];
    await outbox.post('7', '', 'friends', [one, two]);
    await expect.poll(() => server.sent.length).toBe(2);
    server.sent[0]?.answers(201, media('1'));
    await expect.poll(async () => (await takeFile(one.file))?.media).toBe('1');
    expect(posted).toEqual([]);
    expect((await allUnsent('7')).every(awaitsFiles)).toBe(true);
    server.sent[1]?.answers(201, media('2'));
    await expect.poll(() => posted).toEqual([{ text: '', audience: 'friends', attachments: [{ media: '1', alt: 'A cat' }, { media: '2', alt: 'A cat' }] }]);
    await expect.poll(() => outbox.unsent()).toEqual([]);
    await expect.poll(async () => [...(await takeAll('files')), ...(await takeAll('uploads'))].length).toBe(0);
  });

  it('does not hold up stories without photos', async () => {
    await outbox.post('7', 'with', 'friends', [await chosen()]);
    await outbox.post('7', 'without', 'friends');
    await expect.poll(() => posted.map(({ text }) => text)).toEqual(['without']);
  });

  it('is sent after a reload', async () => {
    await outbox.post('7', 'later', 'friends', [await chosen()]);
    await expect.poll(() => server.sent.length).toBe(1);
    // What this page loads later would come from the next one.
    await import('$/media/outgoing');
    await outbox.sendAll();
    await opens();
    await outbox.startOutbox('7', () => undefined);
    await expect.poll(() => server.sent.length).toBe(2);
    server.sent[1]?.answers(201, media('1'));
    await expect.poll(() => outbox.unsent()).toEqual([]);
    expect(posted).toEqual([{ text: 'later', audience: 'friends', attachments: [{ media: '1', alt: 'A cat' }] }]);
  });

  it('is refused with the reason of its photo, and keeps its files for when it is edited', async () => {
    const one = await chosen();
    await outbox.post('7', 'broken', 'friends', [one]);
    await expect.poll(() => server.sent.length).toBe(1);
    server.sent[0]?.answers(422, { code: 'media_broken' });
    await expect.poll(() => outbox.unsent()[0]?.refused).toBe('media_broken');
    outbox.takeOut(outbox.unsent()[0]!.key);
    await expect.poll(async () => (await takeAll<Unsent>('outbox')).length).toBe(0);
    expect(await take('files', one.file)).toBeDefined();
    expect(posted).toEqual([]);
  });

  it('uploads its photos once more when the server did not keep them, and only once', async () => {
    refusals = [{ status: 404, code: 'media_not_yours' }, { status: 404, code: 'media_not_yours' }];
    await outbox.post('7', 'old', 'friends', [await chosen()]);
    await expect.poll(() => server.sent.length).toBe(1);
    server.sent[0]?.answers(201, media('1'));
    await expect.poll(() => server.sent.length).toBe(2);
    server.sent[1]?.answers(201, media('2'));
    await expect.poll(() => outbox.unsent()[0]?.refused).toBe('media_not_yours');
    expect(posted.map(({ attachments }) => attachments?.[0]?.media)).toEqual(['1', '2']);
    expect(server.sent).toHaveLength(2);
  });

  it('that is discarded leaves nothing, here or on the server', async () => {
    await outbox.post('7', 'never mind', 'friends', [await chosen()]);
    await expect.poll(() => server.sent.length).toBe(1);
    outbox.discard(outbox.unsent()[0]!.key);
    await expect.poll(() => server.sent[0]?.aborted).toBe(true);
    await expect.poll(async () => [(await takeAll('files')).length, (await takeAll('outbox')).length]).toEqual([0, 0]);
  });
});
