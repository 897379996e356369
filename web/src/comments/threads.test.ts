import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Comment } from '$/api/types';

import { Threads } from './threads.svelte';

let asked: number;
let replies: { id: string; text: string }[];

beforeEach(() => {
  asked = 0;
  replies = Array.from({ length: 25 }, (_, index) => ({ id: `${index + 1}`, text: `reply ${index + 1}` }));
  vi.stubGlobal('fetch', async (request: Request) => {
    asked += 1;
    const query = new URL(request.url).searchParams;
    const from = replies.findIndex(({ id }) => id === query.get('after')) + 1;
    const items = replies.slice(from, from + Number(query.get('limit')));
    const end = from + items.length === replies.length;
    return new Response(JSON.stringify({ items, after: end ? null : items.at(-1)?.id, end, hidden: 0 }), { headers: { 'Content-Type': 'application/json' } });
  });
});

afterEach(() => vi.unstubAllGlobals());

const texts = (threads: Threads) => threads.replies('c')?.items.map((reply: Comment) => reply.text) ?? [];

it.each([false, true])('an open thread shows what was edited and deleted in it, also when all of it is shown: %s', async (all) => {
  const threads = new Threads();
  threads.show('c');
  await expect.poll(() => texts(threads).length).toBe(20);
  if (all) await threads.replies('c')?.more();
  replies[2] = { id: '3', text: 'edited' };
  replies.splice(4, 1);
  await threads.renew([{ id: 'c' } as Comment]);
  expect(texts(threads).slice(1, 5)).toEqual(['reply 2', 'edited', 'reply 4', 'reply 6']);
  expect(texts(threads).length).toBe(all ? 24 : 20);
});

it('a thread whose comment is gone is not asked for again', async () => {
  const threads = new Threads();
  threads.show('c');
  await expect.poll(() => texts(threads).length).toBe(20);
  expect(await threads.renew([])).toBe(true);
  expect([asked, threads.replies('c')]).toEqual([1, undefined]);
});
