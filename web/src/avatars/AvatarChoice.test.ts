import { fireEvent, render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person } from '$/api/types';
import { media, takeUploads } from '$/media/test-uploads';
import { question } from '$/parts/dialog.svelte';
import { become, me } from '$/session/index.svelte';

import AvatarChoice from './AvatarChoice.svelte';
import { openPicture } from './open';
import { cutOut } from './send';

// The pictures of jsdom have no pixels.
vi.mock('./open', () => ({ openPicture: vi.fn(), closePicture: vi.fn() }));
vi.mock('./send', async (original) => ({ ...(await original<typeof import('./send')>()), cutOut: vi.fn(async () => new Blob(['x'])) }));

const mina = { id: '7', handle: 'mina', display_name: 'Mina', bio: '', language: 'en', avatar: null } as Person;
const AVATAR = { small: '/avatars/7/s.webp', large: '/avatars/7/l.webp' };

let server: ReturnType<typeof takeUploads>;
let stored: Person;
const asked: string[] = [];

beforeEach(() => {
  asked.length = 0;
  stored = mina;
  server = takeUploads();
  const others = fetch;
  vi.stubGlobal('fetch', async (request: Request) => {
    const call = `${request.method} ${new URL(request.url).pathname}`;
    asked.push(call);
    if (call === 'GET /v1/me') return Response.json(stored);
    if (call === 'DELETE /v1/me/avatar') {
      stored = mina;
      return new Response(null, { status: 204 });
    }
    return others(request);
  });
  vi.mocked(openPicture).mockResolvedValue(Object.assign(new Image(), { src: 'blob:picture' }));
  for (const [side, pixels] of [['naturalWidth', 1600], ['naturalHeight', 900]] as const) {
    vi.spyOn(Image.prototype, side, 'get').mockReturnValue(pixels);
  }
  become(mina);
});

async function choose(): Promise<void> {
  const input = screen.getByLabelText('Choose a picture', { selector: 'input' });
  Object.defineProperty(input, 'files', { value: [new File(['x'], 'me.jpg', { type: 'image/jpeg' })], configurable: true });
  await fireEvent.change(input);
}

describe("one's profile picture", () => {
  it('is cut by keyboard, uploaded with its progress, and shown at once', async () => {
    render(AvatarChoice, { person: mina, name: 'Mina' });
    await choose();
    const stage = await screen.findByRole('application', { name: 'Profile picture' });
    await fireEvent.keyDown(stage, { key: '+' });
    await fireEvent.keyDown(stage, { key: 'ArrowRight' });
    expect(screen.getByLabelText<HTMLInputElement>('Zoom').valueAsNumber).toBeCloseTo(1.15);
    await fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await expect.poll(() => server.sent.length).toBe(1);
    expect(vi.mocked(cutOut).mock.calls[0]?.[1]).toMatchObject({ scale: 1.15, x: 0.04, y: 0 });
    expect(server.sent[0]).toMatchObject({ method: 'PUT', path: '/v1/me/avatar', person: '7' });
    server.sent[0]?.progress(1, 4);
    expect(await screen.findByRole('progressbar', { name: 'Uploading, 25 %' })).toBeTruthy();
    server.made.set('3', media('3', { state: 'processing' }));
    server.sent[0]?.answers(202, media('3', { state: 'processing' }));
    expect(await screen.findByRole('progressbar', { name: 'Processing…' })).toBeTruthy();
    stored = { ...mina, avatar: AVATAR };
    server.made.set('3', media('3'));
    await expect.poll(() => me()?.avatar).toEqual(AVATAR);
    await expect.poll(() => screen.queryByRole('dialog')).toBeNull();
  });

  it('that the server refuses stays in the dialog, with the reason', async () => {
    render(AvatarChoice, { person: mina, name: 'Mina' });
    await choose();
    await fireEvent.click(await screen.findByRole('button', { name: 'Save' }));
    await expect.poll(() => server.sent.length).toBe(1);
    server.sent[0]?.answers(507, { code: 'media_storage_full' });
    expect(await screen.findByText(/no room for more photos/)).toBeTruthy();
    expect(me()?.avatar).toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await expect.poll(() => server.sent.length).toBe(2);
  });

  it('that this browser cannot open is not uploaded, and the person learns what to choose', async () => {
    vi.mocked(openPicture).mockResolvedValue(null);
    render(AvatarChoice, { person: mina, name: 'Mina' });
    await choose();
    expect(await screen.findByText("This browser can't open this picture. Choose a JPEG, PNG or WebP file.")).toBeTruthy();
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('that is given up while it is uploaded is not uploaded any further', async () => {
    render(AvatarChoice, { person: mina, name: 'Mina' });
    await choose();
    await fireEvent.click(await screen.findByRole('button', { name: 'Save' }));
    await expect.poll(() => server.sent.length).toBe(1);
    await fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(server.sent[0]?.aborted).toBe(true);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('can be removed', async () => {
    render(AvatarChoice, { person: { ...mina, avatar: AVATAR }, name: 'Mina' });
    await fireEvent.click(screen.getByRole('button', { name: 'Remove picture' }));
    question()?.answer(true);
    await expect.poll(() => asked).toEqual(['DELETE /v1/me/avatar', 'GET /v1/me']);
    await expect.poll(() => me()?.avatar).toBeNull();
  });
});
