import { describe, expect, it } from 'vitest';

import { Failure } from '$/api/failure';

import { keptFor, PagedList, type Page } from './paged.svelte';

const pages: Record<string, Page<string>> = {
  start: { items: ['a', 'b'], next: '2', end: false },
  '2': { items: [], next: '3', end: false },
  '3': { items: ['b', 'c'], next: null, end: true },
};
const list = (fetch = async (cursor?: string) => pages[cursor ?? 'start']!) => new PagedList<string>(fetch, (item) => item);

describe('a list in pages', () => {
  it('goes on over an empty page to the end, and shows nothing twice', async () => {
    const it = list();
    await it.more();
    expect(it.items).toEqual(['a', 'b']);
    await it.more();
    expect(it.items).toEqual(['a', 'b', 'c']);
    expect(it.end).toBe(true);
  });

  it('knows how many entries of the list are on no page', async () => {
    const it = list(async () => ({ items: ['a'], next: null, end: true, hidden: 2 }));
    expect(it.hidden).toBe(0);
    await it.more();
    expect(it.hidden).toBe(2);
  });

  it('says what failed, and goes on from there', async () => {
    let failing = true;
    const it = list(async (cursor) => {
      if (failing) throw new Failure('busy', 503);
      return pages[cursor ?? 'start']!;
    });
    await it.more();
    expect([it.failure?.code, it.phase]).toEqual(['busy', 'starting']);
    failing = false;
    await it.more();
    expect([it.failure, it.items]).toEqual([null, ['a', 'b']]);
  });

  it('does not go round for ever when the server never comes to an end', async () => {
    const it = list(async () => ({ items: [], next: 'x', end: false }));
    await it.more();
    expect(it.failure?.code).toBe('internal');
  });

  it('is kept for its entry of the history, and only for that', () => {
    const one = keptFor('entry 1', 'list', () => list());
    expect(keptFor('entry 1', 'list', () => list())).toBe(one);
    expect(keptFor('entry 2', 'list', () => list())).not.toBe(one);
  });
});
