import { describe, expect, it } from 'vitest';

import { COLOURS, colourOf, lettersOf } from './avatar';

describe('the letters that stand for a person', () => {
  it.each([
    ['김민아', '민아'],
    ['남궁민수', '민수'],
    ['김산', '김산'],
    ['山田 花子', '山田'],
    ['ミナ・キム', 'ミナ'],
    ['Mina Kim', 'MK'],
    ['ana', 'A'],
    ['Nguyễn Văn An', 'NA'],
    ['👩‍👩‍👧 Kims', 'K'],
    ['❤️', '❤️'],
    ['🇰🇷', '🇰🇷'],
    ['🇰🇷 민아 🇯🇵', '민아'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
    ['नित्या शर्मा', 'निश'],
    ['', ''],
  ])('of %s are %s', (name, letters) => {
    expect(lettersOf(name)).toBe(letters);
  });
});

describe('the colour of a person', () => {
  it('is always the same, and different people get different ones', () => {
    expect(colourOf('181193933824000001')).toBe(colourOf('181193933824000001'));
    const colours = new Set(Array.from({ length: 100 }, (_, n) => colourOf(String(181193933824000001n + BigInt(n)))));
    expect(colours.size).toBe(COLOURS);
  });
});
