import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Notification, Person, Story } from '$/api/types';
import Notifications from '$/pages/Notifications.svelte';
import type { Place } from '$/router/index.svelte';
import { become } from '$/session/index.svelte';

import { hear, unreadNotifications } from './unread.svelte';

const me = { id: '1', handle: 'mina', display_name: 'Mina', bio: '', language: 'en' } as Person;
const person = (id: string, name: string) => ({ id, handle: name.toLowerCase(), display_name: name, bio: '', language: 'en' }) as Person;
const [bo, ana] = [person('7', 'Bo'), person('8', 'Ana')];
const story = { id: '42', author: me, text: 'A magpie\n\nin the yard', audience: 'friends', attachments: [], entities: [], created_at: new Date().toISOString(), mentions: [], tags: [], likes: 1, comments: 0, revision: 0, liked: false } as Story;

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
/** What the server has. */
let list: { items: Notification[]; end: boolean; unread: number };
let requests: Person[];

beforeEach(() => {
  asked = [];
  become(me);
  const items = [
    notification('4', 'friend_request', bo),
    notification('3', 'friend_request', ana),
    notification('2', 'like', bo, { story: '42' }),
    notification('1', 'comment', ana, { story: '42', comment: '77' }),
    notification('0', 'reply', ana, { story: '44', comment: '79', parent: '78', excerpt: 'the words of the reply' }),
    notification('00', 'mention', ana, { story: '43' }),
  ];
  list = { items, end: true, unread: 0 };
  // Ana has been answered already.
  requests = [bo];
  hear(0);
  vi.stubGlobal('fetch', async (request: Request) => {
    const call = `${request.method} ${new URL(request.url).pathname}`;
    asked.push(call);
    const answers: Record<string, unknown> = {
      'GET /v1/notifications': list,
      'GET /v1/friend-requests': { items: requests, end: true },
      'GET /v1/stories': { items: [{ id: '42', home: true, story }, { id: '43', home: false, story: null }] },
    };
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
  it('say what they are about, with one request for all stories', async () => {
    open();
    await waitFor(() => expect(screen.getAllByText('A magpie in the yard')).toHaveLength(2));
    expect(asked.filter((call) => call === 'GET /v1/stories')).toHaveLength(1);
  });

  it('lead to the comment, the story or the person', async () => {
    open();
    const leadsTo = async (text: RegExp) => (await screen.findByText(text)).closest('a')?.getAttribute('href');
    expect(await leadsTo(/commented on your story/)).toBe('/stories/42?comment=77');
    expect(await leadsTo(/liked your story/)).toBe('/stories/42');
    expect(await leadsTo(/the words of the reply/)).toBe('/stories/44?comment=78&reply=79');
    expect((await screen.findAllByText(/friend request/))[0]?.closest('a')?.getAttribute('href')).toBe('/@bo');
  });

  it('answer a friend request in its place, unless it has been answered', async () => {
    open();
    const accept = await screen.findByRole('button', { name: 'Accept' });
    expect(accept.closest('.notification')?.textContent).toContain('Bo sent you a friend request.');
    await fireEvent.click(accept);
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Accept' })).toBeNull());
    expect(asked).toContain('POST /v1/friend-requests/7/accept');
  });

  describe('that come while one looks', () => {
    const cy = person('9', 'Cy');

    /** One more, and the live stream says so. */
    function comes(): void {
      list = { ...list, items: [notification('5', 'friend_request', cy, { read: false }), ...list.items], unread: 1 };
      requests = [...requests, cy];
      hear(1);
    }

    const marked = () => asked.filter((call) => call === 'PUT /v1/notifications/read-position').length;

    it('are shown, can be answered in their place, and count as seen while they stay marked', async () => {
      open();
      await screen.findByText('commented on your story.', { exact: false });
      comes();
      await screen.findByText('Cy');
      const row = () => screen.getByText('Cy').closest<HTMLElement>('.notification');
      await waitFor(() => expect(row()?.textContent).toContain('Accept'));
      await waitFor(() => expect(unreadNotifications()).toBe(0));
      expect(marked()).toBe(1);
      list = { ...list, items: list.items.map((one) => ({ ...one, read: true })), unread: 0 };
      hear(1);
      await waitFor(() => expect(asked.filter((call) => call === 'GET /v1/notifications')).toHaveLength(3));
      expect(row()?.classList).toContain('unread');
    });

    it('are not marked as seen in a tab that nobody sees, until it is seen', async () => {
      const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
      open();
      await screen.findByText('commented on your story.', { exact: false });
      comes();
      await screen.findByText('Cy');
      expect(marked()).toBe(0);
      hidden.mockReturnValue(false);
      document.dispatchEvent(new Event('visibilitychange'));
      await waitFor(() => expect(unreadNotifications()).toBe(0));
      expect(marked()).toBe(1);
    });
  });
});
