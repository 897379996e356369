import { render, screen } from '@testing-library/svelte';
import { fireEvent } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { peopleFound } from '$/lists/lists';
import type { Place } from '$/router/index.svelte';

import Search from './Search.svelte';

let found: number;
let asked: URLSearchParams[];
let visits = 0;

/** A server that finds so many people, in pages. */
beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const query = new URL(request.url).searchParams;
    asked.push(query);
    const from = Number(query.get('before') ?? 0);
    const to = Math.min(found, from + Number(query.get('limit')));
    const items = Array.from({ length: to - from }, (_, index) => ({ id: `${from + index + 1}`, handle: `kim${from + index}`, display_name: '김', bio: '', language: 'ko' }));
    return Response.json({ items, before: to < found ? `${to}` : null, after: null, end: to >= found });
  });
});

function search(words = '김'): void {
  const query = new URLSearchParams({ q: words });
  render(Search, { place: { page: 'search', params: {}, path: '/search', query, key: `s${(visits += 1)}`, by: 'start' } satisfies Place });
}

describe('the people found', () => {
  it('come in pages, to the last of them', async () => {
    found = 233;
    const people = peopleFound('김');
    while (!people.end) await people.more();
    expect(new Set(people.items.map((person) => person.id)).size).toBe(233);
    expect(asked.map((query) => query.get('q'))).toEqual(Array(5).fill('김'));
  });

  it('are counted for those who do not see them, and more are promised when there are', async () => {
    found = 233;
    search();
    await screen.findByText('More than 50 people found');
  });

  it('are counted when they are all there', async () => {
    found = 3;
    search();
    await screen.findByText('3 people found');
    expect(screen.getAllByRole('listitem')).toHaveLength(3);
  });

  it('are none, which is said', async () => {
    found = 0;
    search();
    await screen.findByText('No results for “김”');
  });

  it('are not asked for by an @ alone', async () => {
    found = 3;
    search('@');
    await screen.findByText('Type any part of a name, in any script.', { exact: false });
    expect(asked).toEqual([]);
    await fireEvent.input(screen.getByRole('searchbox'), { target: { value: '@k' } });
    await screen.findByText('3 people found');
    expect(asked.map((query) => query.get('q'))).toEqual(['@k']);
  });
});
