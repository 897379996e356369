import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Notification, Person, Story } from '$/api/types';
import Notifications from '$/pages/Notifications.svelte';
import type { Place } from '$/router/index.svelte';
import { become } from '$/session/index.svelte';

const me = { id: '1', handle: 'mina', display_name: 'Mina', bio: '', language: 'en' } as Person;
const person = (id: string, name: string) => ({ id, handle: name.toLowerCase(), display_name: name, bio: '', language: 'en' }) as Person;
const [bo, ana] = [person('7', 'Bo'), person('8', 'Ana')];
const story = { id: '42', author: me, text: 'A magpie\n\nin the yard', audience: 'friends', attachments: [], entities: [], created_at: new Date().toISOString(), mentions: [], tags: [], likes: 1, comments: 0, liked: false } as Story;

const notification = (id: string, kind: Notification['kind'], actor: Person, more: Partial<Notification> = {}): Notification => ({
  id,
  kind,
  actor,
  created_at: new Date().toISOString(),
  others: 0,
  read: true,
  ...more,
});

let asked: string[];
let keys = 0;

beforeEach(() => {
  asked = [];
  become(me);
  const answers: Record<string, unknown> = {
    'GET /v1/notifications': {
      items: [
        notification('4', 'friend_request', bo),
        notification('3', 'friend_request', ana),
        notification('2', 'like', bo, { story: '42' }),
        notification('1', 'comment', ana, { story: '42' }),
      ],
      end: true,
      unread: 0,
    },
    // Ana has been answered already.
    'GET /v1/friend-requests': { items: [bo], end: true },
    'GET /v1/people/mina/stories': { items: [story], end: true },
  };
  vi.stubGlobal('fetch', async (request: Request) => {
    const call = `${request.method} ${new URL(request.url).pathname}`;
    asked.push(call);
    return new Response(JSON.stringify(answers[call] ?? {}), { headers: { 'Content-Type': 'application/json' } });
  });
});

function open(): void {
  // Every visit is an entry of the history of its own.
  const place = { page: 'notifications', params: {}, path: '/notifications', query: new URLSearchParams(), key: `n${(keys += 1)}`, by: 'push' } satisfies Place;
  vi.stubGlobal('innerHeight', 2000);
  render(Notifications, { place });
}

describe('notifications', () => {
  it('say what they are about, with one request for all of one\'s stories', async () => {
    open();
    await waitFor(() => expect(screen.getAllByText('A magpie in the yard')).toHaveLength(2));
    expect(asked.filter((call) => call === 'GET /v1/people/mina/stories')).toHaveLength(1);
  });

  it('answer a friend request in its place, unless it has been answered', async () => {
    open();
    const accept = await screen.findByRole('button', { name: 'Accept' });
    expect(accept.closest('.notification')?.textContent).toContain('Bo sent you a friend request.');
    await fireEvent.click(accept);
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Accept' })).toBeNull());
    expect(asked).toContain('POST /v1/friend-requests/7/accept');
  });
});
