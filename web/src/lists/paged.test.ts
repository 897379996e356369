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

  it('starts over from the top when the server does not know its cursor, and shows what it has until then', async () => {
    let isRestored = false;
    const shown: string[][] = [];
    const it = list(async (cursor) => {
      shown.push(it.items);
      if (!isRestored) return { items: ['a', 'b'], next: 'old', end: false };
      if (cursor === 'old') throw new Failure('cursor_invalid', 400);
      return cursor ? { items: ['d'], next: null, end: true } : { items: ['c', 'a'], next: 'new', end: false };
    });
    await it.more();
    isRestored = true;
    await it.more();
    expect([it.items, it.failure]).toEqual([['c', 'a'], null]);
    await it.more();
    expect([it.items, it.failure, it.end]).toEqual([['c', 'a', 'd'], null, true]);
    expect(shown).toEqual([[], ['a', 'b'], ['a', 'b'], ['c', 'a']]);
  });

  it('keeps what it shows while it starts over with empty pages, and while the server fails', async () => {
    const answers: (Page<string> | Failure)[] = [
      { items: ['a'], next: 'old', end: false },
      new Failure('cursor_invalid', 400),
      new Failure('busy', 503),
      { items: [], next: 'new', end: false },
      new Failure('busy', 503),
      { items: ['b'], next: null, end: true },
    ];
    const asked: (string | undefined)[] = [];
    const it = list(async (cursor) => {
      asked.push(cursor);
      const answer = answers.shift()!;
      if (answer instanceof Failure) throw answer;
      return answer;
    });
    await it.more();
    await it.more();
    expect([it.items, it.failure?.code]).toEqual([['a'], 'busy']);
    await it.more();
    expect([it.items, it.failure?.code]).toEqual([['a'], 'busy']);
    await it.more();
    expect([it.items, it.end]).toEqual([['b'], true]);
    expect(asked).toEqual([undefined, 'old', undefined, undefined, 'new', 'new']);
  });

  it('starts over once only, until a cursor works again or the person asks again', async () => {
    let asked = 0;
    let works = false;
    const it = list(async (cursor) => {
      asked += 1;
      if (cursor && !works) throw new Failure('cursor_invalid', 400);
      return { items: [`item ${asked}`], next: `cursor ${asked}`, end: false };
    });
    // As a list on the screen does it, which asks for more until there is a failure.
    const untilItFails = async () => {
      for (let calls = 0; calls < 10 && !it.failure; calls += 1) await it.more();
    };
    await untilItFails();
    expect([it.failure?.code, asked]).toEqual(['cursor_invalid', 4]);
    // The person presses the button. It fails in the same way, and ends in the same way.
    await it.more();
    await untilItFails();
    expect([it.failure?.code, asked]).toEqual(['cursor_invalid', 7]);
    works = true;
    await it.more();
    works = false;
    await untilItFails();
    expect([it.failure?.code, asked]).toEqual(['cursor_invalid', 11]);
  });

  it('is kept for its entry of the history, and only for that', () => {
    const one = keptFor('entry 1', 'list', () => list());
    expect(keptFor('entry 1', 'list', () => list())).toBe(one);
    expect(keptFor('entry 2', 'list', () => list())).not.toBe(one);
  });
});

/** A list of which the test decides what the server has. */
function changing(all: string[], page = 3) {
  const world = { all, failing: false, failure: new Failure('busy', 503) };
  const it = new PagedList<string>(
    async (cursor) => {
      if (world.failing) throw world.failure;
      const from = cursor ? world.all.indexOf(cursor) + 1 : 0;
      const items = world.all.slice(from, from + page);
      const end = from + page >= world.all.length;
      return { items, next: end ? null : items.at(-1), end };
    },
    (item) => item,
  );
  return { it, world };
}

describe('a list that is looked at again', () => {
  it('has what came and not what went, and keeps what is below the first page', async () => {
    const { it, world } = changing([...'abcdefg']);
    await it.more();
    await it.more();
    world.all = [...'xacdefg'];
    await it.lookAgain();
    expect(it.items.join('')).toBe('xacdef');
    await it.more();
    expect(it.items.join('')).toBe('xacdefg');
  });

  it('begins anew when more came than a page, unless one has scrolled down', async () => {
    const { it, world } = changing([...'abcdefg']);
    await it.more();
    world.all = [...'uvwxyzabcdefg'];
    it.memory.anchor = { key: 'b', offset: 0 };
    await it.lookAgain();
    expect(it.items.join('')).toBe('abc');
    it.memory.anchor = null;
    await it.lookAgain();
    await it.more();
    expect(it.items.join('')).toBe('uvwxyz');
  });

  it('can become empty', async () => {
    const { it, world } = changing([...'abcdefg']);
    await it.more();
    world.all = [];
    await it.lookAgain();
    expect([it.items, it.end]).toEqual([[], true]);
  });

  it('has what was added at its end and not what went, when all of it is asked for again', async () => {
    const { it, world } = changing([...'abcde']);
    await it.more();
    await it.more();
    world.all = [...'acdfghij'];
    await it.renew();
    expect([it.items.join(''), it.end]).toEqual(['acdfghij', true]);
  });

  it('is asked for again as far as it is shown', async () => {
    const { it, world } = changing([...'abcdefghij']);
    await it.more();
    const shown = it.items.length;
    world.all = [...'bcdefghij'];
    await it.renew();
    expect([it.items[0], it.items.length, it.end]).toEqual(['b', shown, false]);
    while (!it.end) await it.more();
    expect(it.items.join('')).toBe('bcdefghij');
  });

  it('stays as it is when the server does not answer', async () => {
    const { it, world } = changing([...'abc']);
    await it.more();
    world.failing = true;
    await it.lookAgain();
    await it.renew();
    expect([it.items.join(''), it.failure]).toEqual(['abc', null]);
  });

  it('shows the later answer when the earlier one comes last', async () => {
    const { it, world, open } = delayed([...'abc'], 10);
    void it.more();
    await open();
    world.all = [...'abcd'];
    const first = it.renew();
    const firstAnswer = await asked(world);
    world.all = [...'abcde'];
    const second = it.renew();
    await open();
    firstAnswer();
    await open();
    await Promise.all([first, second]);
    expect(it.items.join('')).toBe('abcde');
  });

  it('is asked for again after the page that is loading, and keeps it', async () => {
    const { it, world, open } = delayed([...'abcdef']);
    void it.more();
    await open();
    const loading = it.more();
    const answer = await asked(world);
    world.all = [...'abcdxf'];
    const renewing = it.renew();
    answer();
    await loading;
    await open();
    await open();
    await renewing;
    expect(it.items.join('')).toBe('abcdxf');
  });

  it('keeps the page that is loaded while it is asked for again', async () => {
    const { it, world, open } = delayed([...'abcdefg']);
    void it.more();
    await open();
    const renewing = it.renew();
    const loading = it.more();
    expect(it.loading).toBe(true);
    for (let answer = 0; answer < 4; answer += 1) await open();
    await Promise.all([renewing, loading]);
    expect([it.items.join(''), it.loading, world.waiting.length]).toEqual(['abcdef', false, 0]);
  });

  it('keeps what was put at its end meanwhile', async () => {
    const { it, open } = delayed([...'ab']);
    void it.more();
    await open();
    const renewing = it.renew();
    await Promise.resolve();
    it.add('c');
    await open();
    await renewing;
    expect(it.items.join('')).toBe('abc');
  });

  it('says whether asking again may do later', async () => {
    const { it, world } = changing([...'abc']);
    await it.more();
    expect(await it.renew()).toBe(true);
    world.failing = true;
    expect(await it.renew()).toBe(false);
    world.failure = new Failure('not_found', 404);
    expect(await it.renew()).toBe(true);
  });
});

/** A list of a server that answers when the test says so, with what it had when it was asked. */
function delayed(all: string[], page = 3) {
  const world = { all, waiting: [] as (() => void)[] };
  const it = new PagedList<string>(
    (cursor) => {
      const from = cursor ? world.all.indexOf(cursor) + 1 : 0;
      const items = world.all.slice(from, from + page);
      const end = from + page >= world.all.length;
      return new Promise((done) => world.waiting.push(() => done({ items, next: end ? null : items.at(-1), end })));
    },
    (item) => item,
  );
  const open = async () => {
    await new Promise((done) => setTimeout(done));
    world.waiting.shift()?.();
    await new Promise((done) => setTimeout(done));
  };
  return { it, world, open };
}

/** The answer that the server is about to give next, taken out of its hands. */
async function asked(world: { waiting: (() => void)[] }): Promise<() => void> {
  await expect.poll(() => world.waiting.length).toBeGreaterThan(0);
  return world.waiting.shift()!;
}
