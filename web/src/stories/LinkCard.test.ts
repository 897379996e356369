import { render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import type { Attachment, LinkPreview } from '$/api/media';
import type { Story } from '$/api/types';

import { LiveStory } from './live.svelte';
import StoryCard from './StoryCard.svelte';

const picture = (width: number, height: number) => ({
  width,
  height,
  thumbhash: null,
  sizes: [{ width, height, webp: '/media/42/p.webp', jpeg: '/media/42/p.jpg' }],
});

const page: LinkPreview = {
  url: 'https://www.town.example/news/bridge',
  title: 'The old bridge opens again',
  description: 'After two years <b>of work</b>.',
  site: 'Town News',
  picture: picture(1200, 630),
};

function shows(link: LinkPreview | null, change: Partial<Story> = {}) {
  const story = { id: '42', author: { id: '7', handle: 'bo', display_name: 'Bo', bio: '', language: 'en' }, text: 'look', audience: 'friends', attachments: [], entities: [], created_at: new Date().toISOString(), mentions: [], tags: [], likes: 0, comments: 0, revision: 0, liked: false, link, ...change };
  return render(StoryCard, { story: new LiveStory(story as Story) });
}

const card = () => screen.queryByRole('link', { name: /bridge/ });

describe('the card of a link', () => {
  it('is one link that opens elsewhere, named by all of its words', () => {
    shows(page);
    expect(card()?.getAttribute('href')).toBe(page.url);
    expect(card()?.getAttribute('target')).toBe('_blank');
    expect(card()?.getAttribute('rel')?.split(' ')).toEqual(expect.arrayContaining(['noopener', 'nofollow', 'ugc']));
    expect(screen.getByRole('link', { name: /^Town News · town.example The old bridge opens again After two years/ })).toBe(card());
    expect(card()?.querySelector('a, button')).toBeNull();
  });

  it('is text and never HTML, in the direction of its script', () => {
    const { container } = shows(page);
    expect(container.querySelector('.link b')).toBeNull();
    expect(screen.getByText('After two years <b>of work</b>.').getAttribute('dir')).toBe('auto');
  });

  it('always names the host, whatever the page calls itself', () => {
    shows({ ...page, url: 'https://evil.example/bridge', site: 'Your Bank' });
    expect(card()?.textContent).toContain('Your Bank · evil.example');
  });

  it('names the host once when the page has no name of its own', () => {
    shows({ ...page, site: 'Town.example' });
    expect(card()?.querySelector('.site')?.textContent).toBe('town.example');
  });

  it('has a picture that says nothing to a screen reader, across the card or beside the words by its shape', () => {
    const wide = shows(page);
    expect(wide.container.querySelector('.link img')?.getAttribute('alt')).toBe('');
    expect(wide.container.querySelector('.link.wide')).toBeTruthy();
    wide.unmount();
    const square = shows({ ...page, picture: picture(512, 512) });
    expect(square.container.querySelector('.link:not(.wide) img')).toBeTruthy();
    square.unmount();
    expect(shows({ ...page, picture: null }).container.querySelector('.link img')).toBeNull();
  });

  it('gives way to photos and videos, and is not there without a preview', () => {
    const photo = { media: '9', kind: 'photo', state: 'ready', alt: '', width: 3, height: 2, animated: false, sizes: [] } as Attachment;
    const both = shows(page, { attachments: [photo] });
    expect(card()).toBeNull();
    both.unmount();
    shows(null);
    expect(card()).toBeNull();
  });

  it('runs no script, whatever a server says', () => {
    shows({ ...page, url: 'javascript://news.example/%0Aalert(1)' });
    expect(card()).toBeNull();
  });

  it('appears when the preview has been fetched', async () => {
    const story = new LiveStory({ id: '43', author: { id: '7', handle: 'bo', display_name: 'Bo', bio: '', language: 'en' }, text: 'look', audience: 'friends', attachments: [], entities: [], created_at: new Date().toISOString(), mentions: [], tags: [], likes: 0, comments: 0, revision: 0, liked: false } as Story);
    render(StoryCard, { story });
    expect(card()).toBeNull();
    story.take({ id: '43', home: true, story: { ...story.shown, link: page } } as never, Number.MAX_VALUE);
    expect(await screen.findByRole('link', { name: /bridge/ })).toBeTruthy();
  });
});
