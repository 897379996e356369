import { expect, it } from 'vitest';

import type { Person } from '$/api/types';

import { handlesIn, hearOf, refusedIn } from './refusals.svelte';

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
