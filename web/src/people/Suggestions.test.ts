import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Suggestion } from '$/api/types';
import { shownToasts } from '$/parts/toasts.svelte';

import Suggestions from './Suggestions.svelte';

let asked: string[];
let items: Suggestion[];

const one = (id: string, name: string, common_friends: number, tags: string[]) =>
  ({ person: { id, handle: `h${id}`, display_name: name, bio: '', language: 'en', relation: 'none' }, common_friends, tags }) as unknown as Suggestion;

beforeEach(() => {
  asked = [];
  items = [one('1', 'Ana', 4, ['tea']), one('2', 'Bo', 0, ['tea', 'rain']), one('3', 'Cho', 0, []), one('4', 'Dan', 1, [])];
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    if (request.method !== 'GET') return new Response(null, { status: 204 });
    return Response.json({ items, before: null, after: null, end: true });
  });
});

const rows = () => screen.getAllByRole('listitem').map((row) => row.textContent?.replace(/\s+/g, ' ').trim());

describe('suggestions', () => {
  it('say why, and offer one thing to do', async () => {
    render(Suggestions, { most: 3 });
    await screen.findByText('4 friends in common');
    expect(rows()).toEqual([
      expect.stringMatching(/Ana.*4 friends in common.*Add friend/),
      expect.stringMatching(/Bo.*Writes about #tea #rain.*Add friend/),
      expect.stringMatching(/Cho.*Followed by many people here.*Follow/),
    ]);
    expect(screen.getByRole('link', { name: 'Show all' })).toBeTruthy();
  });

  it.each([true, false])('do not offer to ask somebody who takes no request, also with little room: %s', async (compact) => {
    items[0]!.person.can_request = false;
    render(Suggestions, { most: 3, compact });
    await screen.findByText('4 friends in common');
    expect(rows()[0]).toMatch(/Ana.*Follow$/);
  });

  it('put one aside, show the next instead, and take it back', async () => {
    render(Suggestions, { most: 3 });
    await fireEvent.click(await screen.findByRole('button', { name: "Don't suggest Ana" }));
    await waitFor(() => expect(rows()[2]).toMatch(/Dan.*1 friend in common/));
    expect(rows()).toHaveLength(3);
    shownToasts().at(-1)!.action!.run();
    await waitFor(() => expect(rows()[0]).toMatch(/Ana/));
    expect(asked).toEqual(['GET /v1/suggestions', 'DELETE /v1/suggestions/1', 'PUT /v1/suggestions/1']);
  });

  it('take no room when there are none, but say so on their own page', async () => {
    items = [];
    const { container } = render(Suggestions, { most: 3 });
    await waitFor(() => expect(asked).toHaveLength(1));
    expect(container.querySelector('section')).toBeNull();
    render(Suggestions, { most: 40, whole: true });
    await screen.findByText('No suggestions right now');
  });
});
