import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import type { Story } from '$/api/types';
import { chooseLanguage } from '$/language/index.svelte';
import { become } from '$/session/index.svelte';

import { LiveStory } from './live.svelte';
import StoryCard from './StoryCard.svelte';

const bo = { id: '7', handle: 'bo', display_name: 'Bo Reed', bio: '', language: 'en' };

function story(change: Partial<Story> = {}): LiveStory {
  return new LiveStory({ id: '42', author: bo, text: 'hello', audience: 'friends', attachments: [], entities: [], created_at: new Date().toISOString(), mentions: [], tags: [], likes: 0, comments: 0, revision: 0, liked: false, ...change } as Story);
}

describe('a story on the screen', () => {
  it('names its author, its audience and when it was written, and leads to each', () => {
    render(StoryCard, { story: story() });
    expect(screen.getByRole('article').getAttribute('aria-labelledby')).toBe('story-42-by');
    expect(screen.getByRole('link', { name: 'Bo Reed' }).getAttribute('href')).toBe('/@bo');
    expect(screen.getByText('now').closest('a')?.getAttribute('href')).toBe('/stories/42');
    expect(screen.getByText('Friends')).toBeTruthy();
  });

  it('is text and never HTML', () => {
    const { container } = render(StoryCard, { story: story({ text: '<img src=x onerror=alert(1)> **bold**' }) });
    expect(container.querySelector('img')).toBeNull();
    expect(screen.getByText('<img src=x onerror=alert(1)> **bold**')).toBeTruthy();
  });

  it('is told apart by its language', () => {
    const { container } = render(StoryCard, { story: story({ text: '까치가 왔어요' }) });
    expect(container.querySelector('p.text')?.getAttribute('lang')).toBe('ko');
  });

  it('has links, people and tags where the server found them, and runs from right to left where its script does', () => {
    const entities = [
      { kind: 'link', start: 4, end: 9, url: 'https://xn--80ak6aa92e.com/', display: 'xn--80ak6aa92e.com' },
      { kind: 'mention', start: 10, end: 14, person: '8' },
      { kind: 'tag', start: 15, end: 17, tag: '봄' },
    ] as Story['entities'];
    const { container } = render(StoryCard, { story: story({ text: '👩‍👧 a.com @Jun #봄 @ana #x', entities }) });
    expect(container.querySelector('p.text')?.getAttribute('dir')).toBe('auto');
    const links = [...container.querySelectorAll('p.text a')].map((link) => [link.textContent, link.getAttribute('href')]);
    expect(links).toEqual([
      ['xn--80ak6aa92e.com', 'https://xn--80ak6aa92e.com/'],
      ['@Jun', '/@jun'],
      ['#봄', `/tags/${encodeURIComponent('봄')}`],
    ]);
  });

  it('follows every change of its story', async () => {
    const live = story();
    render(StoryCard, { story: live });
    live.change({ text: 'changed', edited_at: new Date().toISOString(), likes: 1200 });
    expect(await screen.findByText('changed')).toBeTruthy();
    expect(screen.getByText(/edited/)).toBeTruthy();
    expect(screen.getByRole('button', { name: /Like 1.2K/ })).toBeTruthy();
  });

  it('folds a long text until it is asked for', async () => {
    const long = 'word '.repeat(300).trim();
    render(StoryCard, { story: story({ text: long }) });
    expect(screen.queryByText(long)).toBeNull();
    await fireEvent.click(screen.getByRole('button', { name: 'Show more' }));
    expect(screen.getByText(long)).toBeTruthy();
  });

  it('can be edited and deleted by its author and by nobody else', async () => {
    const first = render(StoryCard, { story: story() });
    await fireEvent.click(screen.getByRole('button', { name: /More about/ }));
    expect(screen.queryByRole('menuitem', { name: 'Edit' })).toBeNull();
    expect(screen.getByRole('menuitem', { name: 'Block Bo Reed' })).toBeTruthy();
    first.unmount();
    become({ ...bo, relation: undefined } as never);
    render(StoryCard, { story: story() });
    await fireEvent.click(screen.getByRole('button', { name: /More about/ }));
    expect(screen.getByRole('menuitem', { name: 'Edit' })).toBeTruthy();
    expect(screen.queryByRole('menuitem', { name: /Block/ })).toBeNull();
  });

  it('changes its language at once', async () => {
    render(StoryCard, { story: story() });
    await chooseLanguage('ja');
    expect(await screen.findByText('友だちだけ')).toBeTruthy();
  });
});
