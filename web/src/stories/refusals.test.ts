import { afterEach, expect, it, vi } from 'vitest';

import type { Person } from '$/api/types';

import { askAbout, forgetRefusals, handlesIn, hearOf, refusedIn } from './refusals.svelte';

afterEach(() => vi.unstubAllGlobals());

it('mentions are found where the server finds them, each once', () => {
  const texts: [string, string[]][] = [
    ['@mina and ＠Bo_7, @MINA again', ['mina', 'bo_7']],
    ['mail mina@example.com, @mina@social.example, /@mina', []],
    ['@ab is too short, @hangul한 is a mention', ['hangul']],
    ['(@mina)', ['mina']],
    ['', []],
  ];
  for (const [text, handles] of texts) expect(handlesIn(text), text).toEqual(handles);
});

it('people who take no mention are named, and nobody of whom nothing is known', () => {
  const person = (handle: string, can_mention?: boolean) => ({ handle, can_mention }) as Person;
  hearOf([person('mina', false), person('joon')]);
  expect(refusedIn('@Mina @joon @nobody')).toEqual(['mina']);
  hearOf([person('mina')]);
  expect(refusedIn('@Mina')).toEqual([]);
});

/** A server that finds those, in the order in which a search has them. */
function serves(...people: Person[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    asked.push(pathname);
    if (pathname === '/v1/people') {
      const limit = Number(searchParams.get('limit'));
      const found = people.filter(({ handle }) => handle.startsWith(searchParams.get('q')!.slice(1)));
      return Response.json({ items: found.slice(0, limit), before: null, end: found.length <= limit });
    }
    const one = people.find(({ handle }) => pathname === `/v1/people/${handle}`);
    return one ? Response.json(one) : Response.json({ code: 'not_found' }, { status: 404 });
  });
  return asked;
}

it('a person whose handle is the beginning of those of one\'s friends is found, too', async () => {
  const friends = Array.from({ length: 6 }, (_, index) => ({ handle: `sora_${index}` }) as Person);
  serves(...friends, { handle: 'sora', can_mention: false } as Person);
  askAbout('@sora');
  await expect.poll(() => refusedIn('@sora @sora_1')).toEqual(['sora']);
});

it('nobody is asked for twice, until what people are to the writer has changed', async () => {
  const asked = serves({ handle: 'haru', can_mention: false } as Person);
  askAbout('@haru @nobody_at_all');
  await expect.poll(() => refusedIn('@haru')).toEqual(['haru']);
  askAbout('@haru @nobody_at_all');
  expect(asked).toEqual(['/v1/people', '/v1/people']);
  forgetRefusals();
  expect(refusedIn('@haru')).toEqual([]);
  askAbout('@haru');
  await expect.poll(() => refusedIn('@haru')).toEqual(['haru']);
});
