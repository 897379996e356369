import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { forgetEverything } from '$/offline/db';

import Attachments from './Attachments.svelte';
import { Attaching, kindOf } from './attaching.svelte';
import { durationOf } from './duration';
import { ALT_CHARACTERS_MAX, ATTACHMENTS_MAX } from './limits';
import { media, photo, takeUploads } from './test-uploads';

vi.mock('./duration', () => ({ durationOf: vi.fn(async () => 12) }));

let server: ReturnType<typeof takeUploads>;
let attaching: Attaching;

beforeEach(async () => {
  await forgetEverything();
  server = takeUploads();
  attaching = new Attaching('7');
});

// What is not uploaded would take the turns of the next test.
afterEach(() => attaching.discard());

const several = (count: number) => Promise.all(Array.from({ length: count }, (_, index) => photo(`${index}.jpg`)));

describe('photos of a story that is written', () => {
  it('are at most ten', async () => {
    await attaching.add(await several(ATTACHMENTS_MAX - 1));
    await attaching.add(await several(3));
    expect(attaching.items).toHaveLength(ATTACHMENTS_MAX);
    expect(attaching.problems).toEqual([`A story can have at most ${ATTACHMENTS_MAX} photos and videos.`]);
  });

  it('are at most ten also when they are chosen at the same moment', async () => {
    const [one, two] = [await several(8), await several(8)];
    await Promise.all([attaching.add(one), attaching.add(two)]);
    expect(attaching.items).toHaveLength(ATTACHMENTS_MAX);
  });

  it('are told from other files and from empty ones', async () => {
    await attaching.add([await photo('notes.txt', 10, 'text/plain'), await photo('none.jpg', 0), await photo('a.jpg')]);
    expect(attaching.items).toHaveLength(1);
    expect(attaching.problems).toEqual(['“notes.txt” isn\'t a photo or video.', '“none.jpg” is empty.']);
    expect(kindOf({ type: 'image/svg+xml' })).toBeNull();
  });

  it('are kept in a draft with their order and description, and taken up again', async () => {
    await attaching.add(await several(3));
    attaching.items[2]!.alt = 'A cat';
    attaching.move(attaching.items[2]!, 0);
    const chosen = attaching.chosen();
    const again = new Attaching('7');
    expect(await again.resume(chosen)).toBe(true);
    expect(again.chosen()).toEqual(chosen);
    expect(again.items[0]?.alt).toBe('A cat');
    expect(await again.resume([...chosen, { file: 'lost', alt: '' }])).toBe(false);
    expect(again.problems).toEqual(['A photo or video is no longer on this device. Choose it again.']);
  });

  it('that are edited wait for the uploads of new ones', async () => {
    await attaching.add(await several(1));
    const uploaded = attaching.uploaded();
    await expect.poll(() => server.sent.length).toBe(1);
    server.sent[0]?.answers(201, media('5'));
    expect(await uploaded).toEqual([{ media: '5', alt: '' }]);
  });
});

describe('videos of a story that is written', () => {
  const video = (name: string, bytes = 10) => photo(name, bytes, 'video/mp4');
  const sized = async (file: Promise<File>, size: number) => Object.defineProperty(await file, 'size', { value: size });
  const MB = 1_000_000;

  it('may be larger than photos, and have a limit of their own', async () => {
    await attaching.add([await sized(video('a.mp4'), 200 * MB), await sized(photo('b.jpg'), 20 * MB)]);
    expect(attaching.items.map(({ kind }) => kind)).toEqual(['video', 'photo']);
    await attaching.add([await sized(video('c.mp4'), 200 * MB + 1), await sized(photo('d.jpg'), 20 * MB + 1)]);
    expect(attaching.items).toHaveLength(2);
    expect(attaching.problems).toEqual(['“c.mp4” is larger than 200 MB.', '“d.jpg” is larger than 20 MB.']);
  });

  it('are refused before they are uploaded when they are too long, unless the browser cannot tell', async () => {
    vi.mocked(durationOf).mockResolvedValueOnce(601).mockResolvedValueOnce(600.9).mockResolvedValueOnce(null);
    await attaching.add([await video('long.mp4'), await video('full.mp4'), await video('unknown.webm')]);
    expect(attaching.items).toHaveLength(2);
    expect(attaching.taking).toBe(0);
    expect(attaching.problems).toEqual(['“long.mp4” is longer than 10 minutes.']);
  });

  it('show a still frame of themselves and can be played before they are posted', async () => {
    await attaching.add([await video('a.mp4')]);
    const { container } = render(Attachments, { attaching });
    const still = container.querySelector<HTMLVideoElement>('.thumb video');
    expect(still?.getAttribute('src')).toBe('blob:local#t=0.1');
    expect(still?.controls).toBe(false);
    await fireEvent.click(screen.getByRole('button', { name: /^Video 1 of 1/ }));
    expect(screen.getByRole('dialog', { name: 'Video 1 of 1' }).querySelector('video')?.controls).toBe(true);
  });
});

describe('the tiles of photos', () => {
  it('are put in order by keyboard, and keep the focus', async () => {
    await attaching.add(await several(3));
    render(Attachments, { attaching });
    const first = attaching.items[0];
    const tile = screen.getByRole('button', { name: /^Photo 1 of 3/ });
    tile.focus();
    await fireEvent.keyDown(tile, { key: 'ArrowRight', shiftKey: true });
    expect(attaching.items[1]).toBe(first);
    await expect.poll(() => document.activeElement?.getAttribute('aria-label')).toMatch(/^Photo 2 of 3/);
    expect(screen.getByText('Moved to 2 of 3')).toBeTruthy();
    await fireEvent.keyDown(document.activeElement!, { key: 'ArrowRight' });
    expect(attaching.items[1]).toBe(first);
  });

  it('take a description of as many characters as the server does', async () => {
    await attaching.add(await several(1));
    render(Attachments, { attaching });
    await fireEvent.click(screen.getByRole('button', { name: /Add a description/ }));
    await fireEvent.input(screen.getByLabelText('Description'), { target: { value: '🐱'.repeat(ALT_CHARACTERS_MAX + 5) } });
    expect([...attaching.items[0]!.alt]).toHaveLength(ALT_CHARACTERS_MAX);
    await fireEvent.click(screen.getByRole('button', { name: 'Done' }));
    expect(screen.queryByLabelText('Description')).toBeNull();
  });

  it('say why an upload failed, and upload it again', async () => {
    await attaching.add(await several(1));
    render(Attachments, { attaching });
    await expect.poll(() => server.sent.length).toBe(1);
    server.sent[0]?.answers(415, { code: 'media_type_unsupported' });
    expect(await screen.findByText(/1 of 1: Files of this type are not accepted/)).toBeTruthy();
    expect(attaching.hasFailed).toBe(true);
    await fireEvent.click(screen.getByRole('button', { name: /Upload again/ }));
    await expect.poll(() => server.sent.length).toBe(2);
  });
});
