import { render, screen } from '@testing-library/svelte';
import { beforeEach, expect, it, vi } from 'vitest';

import type { Comment, Person } from '$/api/types';
import { wishCommentLike } from '$/comments/like';
import { storyOf } from '$/feed/test-server';
import type { Place } from '$/router/index.svelte';
import { wishLike } from '$/stories/like';
import { live } from '$/stories/live.svelte';

import Likes from './Likes.svelte';

const mina = { id: '9', handle: 'mina', display_name: 'Mina', bio: '', language: 'en' } as Person;
let visits = 0;
/** Whether the server has the like. */
let isLiked: boolean;
/** What is asked of it. */
let asked: string[];
/** Lets the request for the like through. */
let arrive: () => void;

/** A server to which likes are slow to come, and lists are not. */
beforeEach(() => {
  isLiked = false;
  asked = [];
  const way = new Promise<void>((resolve) => (arrive = resolve));
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    if (request.method === 'GET') return Response.json({ items: isLiked ? [mina] : [], before: null, end: true, hidden: 0 });
    await way;
    isLiked = true;
    return Response.json({ likes: 1, comments: 0, liked: true, revision: 1 });
  });
});

function open(params: Record<string, string>): void {
  render(Likes, { place: { page: 'likes', params, path: '', query: new URLSearchParams(), key: `l${(visits += 1)}`, by: 'push' } satisfies Place });
}

it('names oneself below a story when the list is opened before the like has arrived', async () => {
  void wishLike(live(storyOf(500)), true);
  open({ story: '500' });
  arrive();
  await screen.findByText('Mina');
  expect(asked).toEqual(['PUT /v1/stories/500/like', 'GET /v1/stories/500/likes']);
});

it('names oneself below a comment when the list is opened before the like has arrived', async () => {
  void wishCommentLike({ id: '70', likes: 0, liked: false } as Comment, true);
  open({ story: '500', comment: '70' });
  arrive();
  await screen.findByText('Mina');
  expect(asked).toEqual(['PUT /v1/comments/70/like', 'GET /v1/comments/70/likes']);
});

it('lists the likers also when the server refuses the like', async () => {
  vi.stubGlobal('fetch', async (request: Request) =>
    request.method === 'GET' ? Response.json({ items: [mina], before: null, end: true, hidden: 0 }) : Response.json({ code: 'internal' }, { status: 500 }),
  );
  void wishCommentLike({ id: '71', likes: 1, liked: false } as Comment, true);
  open({ story: '500', comment: '71' });
  await screen.findByText('Mina');
});
