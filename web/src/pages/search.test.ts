import { render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Place } from '$/router/index.svelte';

import Search from './Search.svelte';

let found: number;
let asked: URLSearchParams;
let visits = 0;

beforeEach(() => {
  vi.stubGlobal('fetch', async (request: Request) => {
    asked = new URL(request.url).searchParams;
    const items = Array.from({ length: Math.min(found, Number(asked.get('limit'))) }, (_, index) => ({ id: `${index + 1}`, handle: `kim${index}`, display_name: `김 ${index}`, bio: '', language: 'ko' }));
    return Response.json({ items });
  });
});

function search(): void {
  const query = new URLSearchParams('q=김');
  render(Search, { place: { page: 'search', params: {}, path: '/search', query, key: `s${(visits += 1)}`, by: 'start' } satisfies Place });
}

describe('the people found', () => {
  it('are as many as the server sends, and it is said that there may be more', async () => {
    found = 233;
    search();
    expect(await screen.findAllByRole('listitem')).toHaveLength(100);
    screen.getByText('Only the best 100 matches are shown.', { exact: false });
  });

  it('are all of them when they are fewer', async () => {
    found = 3;
    search();
    expect(await screen.findAllByRole('listitem')).toHaveLength(3);
    expect(screen.queryByText('Only the best', { exact: false })).toBeNull();
  });
});
