import { render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Comment, Person, Story as ApiStory } from '$/api/types';
import { commentsChanged } from '$/comments/watch';
import { storyOf } from '$/feed/test-server';
import type { Place } from '$/router/index.svelte';
import { become } from '$/session/index.svelte';

import Story from './Story.svelte';

const me = { id: '9', handle: 'mina', display_name: 'Mina', bio: '', language: 'en' } as Person;
const [bo, ana] = [{ ...me, id: '7', handle: 'bo' }, { ...me, id: '8', handle: 'ana' }];
/** As long as a busy machine may need. */
const PATIENCE = { timeout: 20_000 };
let keys = 0;
let comments: Comment[];
let replies: Record<string, Comment[]>;
let asked: string[];
let story: ApiStory;

const comment = (id: number, author: Person, more: Partial<Comment> = {}) =>
  ({ id: String(id), story: '500', author, text: `comment ${id}`, entities: [], created_at: new Date(0).toISOString(), edited_at: null, parent: null, replies: 0, likes: 0, liked: false, ...more }) as unknown as Comment;

function page(all: Comment[], query: URLSearchParams) {
  const from = all.findIndex(({ id }) => id === query.get('after')) + 1;
  const items = all.slice(from, from + Number(query.get('limit')));
  const end = from + items.length >= all.length;
  return { items, after: end ? null : items.at(-1)?.id, end, hidden: 0 };
}

beforeEach(() => {
  asked = [];
  story = { ...storyOf(500), comments: 120 };
  comments = Array.from({ length: 120 }, (_, index) => comment(1000 + index, bo));
  replies = {};
  become(me);
  vi.spyOn(Math, 'random').mockReturnValue(0);
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    asked.push(pathname);
    const parent = /^\/v1\/comments\/(\d+)\/replies$/.exec(pathname)?.[1];
    if (parent) return Response.json(page(replies[parent] ?? [], searchParams));
    if (pathname === '/v1/stories/500/comments') return Response.json(page(comments, searchParams));
    return Response.json(story);
  });
});

/** A window that scrolls, over a list of which every row is as high as the others. */
function scrolls(): void {
  const height = 90;
  let y = 0;
  vi.stubGlobal('scrollBy', ({ top }: { top: number }) => (y += top));
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
    const key = (this as HTMLElement).dataset?.['key'];
    const top = (key ? (Number(key) - 1000) * height : 0) - y;
    return { top, bottom: top + height, width: 100, height } as DOMRect;
  });
}

function open(query = ''): void {
  const place = { page: 'story', params: { story: '500' }, path: '/stories/500', query: new URLSearchParams(query), key: `s${(keys += 1)}`, by: 'push' } satisfies Place;
  render(Story, { place });
}

const times = (path: string) => asked.filter((one) => one === path).length;

describe('the page of a story', () => {
  it('comes to the comment that one wants to see', async () => {
    scrolls();
    open('comment=1090');
    await expect.poll(() => document.activeElement?.id, PATIENCE).toBe('comment-1090');
    expect(document.activeElement?.textContent).toContain('comment 1090');
  });

  it('comes to a reply in the thread of its parent', async () => {
    comments[3] = comment(1003, ana, { replies: 2 });
    comments[60] = comment(1060, me, { replies: 30 });
    replies = {
      '1003': [comment(3001, bo, { parent: '1003' }), comment(3002, bo, { parent: '1003' })],
      '1060': Array.from({ length: 30 }, (_, index) => comment(2000 + index, ana, { parent: '1060' })),
    };
    scrolls();
    open('comment=1060&reply=2025');
    await expect.poll(() => document.activeElement?.id, PATIENCE).toBe('comment-2025');
    expect(times('/v1/comments/1003/replies')).toBe(0);
  });

  it('asks for comments once when many have changed at once, and not for the story', async () => {
    open();
    await screen.findByText('comment 1000', {}, PATIENCE);
    const before = asked.length;
    comments[0] = comment(1000, bo, { text: 'edited', edited_at: new Date().toISOString() });
    for (let change = 0; change < 20; change += 1) commentsChanged('500');
    commentsChanged('501');
    await screen.findByText('edited', {}, PATIENCE);
    expect(asked.slice(before)).toEqual(['/v1/stories/500/comments']);
  });

  it('offers no reply where its author limits who comments', async () => {
    story = { ...story, can_comment: false };
    open();
    await screen.findByText(/limits who can comment/, {}, PATIENCE);
    await screen.findByText('comment 1000', {}, PATIENCE);
    expect(screen.queryByRole('button', { name: 'Reply' })).toBeNull();
  });
});
