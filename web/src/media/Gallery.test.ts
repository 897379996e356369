import { fireEvent, render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Attachment } from '$/api/media';
import type { Person, Story } from '$/api/types';
import { become } from '$/session/index.svelte';
import { LiveStory } from '$/stories/live.svelte';
import StoryCard from '$/stories/StoryCard.svelte';

import { endView, viewed } from './viewing.svelte';

const bo = { id: '7', handle: 'bo', display_name: 'Bo Reed', bio: '', language: 'en' } as Person;

const photo = (media: string, change: Partial<Attachment> = {}): Attachment => ({
  media,
  kind: 'photo',
  state: 'ready',
  alt: '',
  width: 1200,
  height: 800,
  thumbhash: null,
  duration_ms: null,
  animated: false,
  sizes: [480, 1080].map((width) => ({ width, height: (width * 2) / 3, webp: `/media/42/${media}-${width}.webp`, jpeg: `/media/42/${media}-${width}.jpg` })),
  video: null,
  ...change,
});

function story(attachments: Attachment[], change: object = {}): LiveStory {
  return new LiveStory({ id: '42', author: bo, text: '', audience: 'friends', attachments, entities: [], created_at: new Date().toISOString(), mentions: [], tags: [], likes: 0, comments: 0, revision: 0, liked: false, ...change } as unknown as Story);
}

beforeEach(endView);

describe('photos of a story', () => {
  it('are loaded when they come near, in the size that fits, and have their place before', () => {
    const { container } = render(StoryCard, { story: story([photo('a', { alt: 'A cat' })]) });
    const img = screen.getByRole('img', { name: 'A cat' });
    expect(img.getAttribute('loading')).toBe('lazy');
    expect(img.getAttribute('srcset')).toContain('/media/42/a-480.jpg 480w');
    expect(container.querySelector('source')?.getAttribute('srcset')).toContain('/media/42/a-1080.webp 1080w');
    expect(container.querySelector<HTMLElement>('.gallery')?.style.getPropertyValue('--ratio')).toBe('1.5000');
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('are all there when there are %i', (count) => {
    const { container } = render(StoryCard, { story: story(Array.from({ length: count }, (_, index) => photo(`m${index}`))) });
    expect(container.querySelectorAll(`.n${count} img`)).toHaveLength(count);
    expect(screen.getByRole('button', { name: `Photo ${count} of ${count}` })).toBeTruthy();
  });

  it('open on the full screen, and not the story', async () => {
    const live = story([photo('a'), photo('b', { alt: 'Bread' })]);
    render(StoryCard, { story: live });
    await fireEvent.click(screen.getByRole('button', { name: 'Bread' }));
    expect(viewed()).toEqual({ story: live, media: 'b' });
    expect(location.pathname).toBe('/');
  });

  it('that are processed say so, and appear when they are ready', async () => {
    const live = story([photo('a', { state: 'processing', sizes: [] })]);
    render(StoryCard, { story: live });
    expect(screen.getByText('Processing…')).toBeTruthy();
    live.change({ attachments: [photo('a', { alt: 'A cat' })] as never });
    expect(await screen.findByRole('img', { name: 'A cat' })).toBeTruthy();
    expect(screen.queryByText('Processing…')).toBeNull();
  });

  it('that failed are shown to their author, with the reason, and to nobody else', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ id: 'a', state: 'failed', problem: { code: 'media_broken', detail: '…' } }));
    const failed = story([photo('a', { state: 'failed', sizes: [] }), photo('b')]);
    const others = render(StoryCard, { story: failed });
    expect(screen.queryByText("Couldn't be processed")).toBeNull();
    others.unmount();
    become(bo);
    render(StoryCard, { story: failed });
    expect(screen.getByText("Couldn't be processed")).toBeTruthy();
    expect(await screen.findByText('This file is damaged.')).toBeTruthy();
  });
});

describe('a video of a story', () => {
  it('loads nothing of itself before it is tapped', async () => {
    const { container } = render(StoryCard, { story: story([photo('v', { kind: 'video', video: '/media/42/v.mp4', duration_ms: 75_000 })]) });
    expect(container.querySelector('video')).toBeNull();
    expect(await screen.findByText('1:15')).toBeTruthy();
    expect(container.innerHTML).not.toContain('v.mp4');
    await fireEvent.click(screen.getByRole('button', { name: /^Play video/ }));
    const video = container.querySelector('video')!;
    expect(video.getAttribute('src')).toBe('/media/42/v.mp4');
    expect([video.controls, video.muted, document.activeElement]).toEqual([true, false, video]);
    expect(location.pathname).toBe('/');
  });

  it('plays with sound within the tap, and the one that played before is paused', async () => {
    const played: string[] = [];
    const paused: string[] = [];
    vi.spyOn(HTMLMediaElement.prototype, 'play').mockImplementation(async function play(this: HTMLMediaElement) {
      played.push(this.getAttribute('src') ?? '');
      this.dispatchEvent(new Event('play'));
    });
    vi.spyOn(HTMLMediaElement.prototype, 'pause').mockImplementation(function pause(this: HTMLMediaElement) {
      paused.push(this.getAttribute('src') ?? '');
    });
    render(StoryCard, { story: story(['a', 'b'].map((media) => photo(media, { kind: 'video', video: `/media/42/${media}.mp4`, alt: media }))) });
    (await screen.findByRole('button', { name: 'Play video: a' })).click();
    expect(played).toEqual(['/media/42/a.mp4']);
    screen.getByRole('button', { name: 'Play video: b' }).click();
    expect(paused).toEqual(['/media/42/a.mp4']);
  });

  it('that cannot be played says so, and can be tried again', async () => {
    const { container } = render(StoryCard, { story: story([photo('v', { kind: 'video', video: '/media/42/v.mp4' })]) });
    await fireEvent.click(await screen.findByRole('button', { name: 'Play video' }));
    await fireEvent.error(container.querySelector('video')!);
    expect(screen.getByRole('alert').textContent).toBe("This video can't be played right now.");
    await fireEvent.click(screen.getByRole('button', { name: 'Play video' }));
    expect(container.querySelector('video')).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('loads not even its poster for people who save data', async () => {
    vi.stubGlobal('navigator', Object.assign(Object.create(navigator), { connection: { saveData: true } }));
    const { container } = render(StoryCard, { story: story([photo('v', { kind: 'video', video: '/media/42/v.mp4' })]) });
    expect(await screen.findByRole('button', { name: 'Play video' })).toBeTruthy();
    expect(container.querySelector('img[src^="/media/42"]')).toBeNull();
    vi.unstubAllGlobals();
  });
});
