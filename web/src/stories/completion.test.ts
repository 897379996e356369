import { describe, expect, it } from 'vitest';

import { completed, typedAt as typedIn } from './completion';

const typedAt = (textWithCaret: string) => {
  const caret = textWithCaret.indexOf('|');
  return typedIn(textWithCaret.replace('|', ''), caret);
};

describe('a mention being typed', () => {
  it.each([
    ['hello @mi|', 'mi'],
    ['@민|', '민'],
    ['안녕@mi|', 'mi'],
    ['@mina| and more', 'mina'],
    ['＠みな|', 'みな'],
    ['.@mi|', 'mi'],
  ])('%s', (text, word) => {
    expect(typedAt(text)).toMatchObject({ kind: 'mention', word });
  });

  it.each(['a@b|', '@|', '@mina |', '@@mi|', 'https://x.y/@mi|', ''])('is not in %s', (text) => {
    expect(typedAt(text.includes('|') ? text : `${text}|`)).toBeNull();
  });
});

describe('a tag being typed', () => {
  it.each([
    ['#봄|', '봄'],
    ['a walk #spr|', 'spr'],
    ['＃春|', '春'],
    ['(#봄_나|', '봄_나'],
  ])('%s', (text, word) => {
    expect(typedAt(text)).toMatchObject({ kind: 'tag', word });
  });

  it.each(['a#b|', '#|', '##a|', 'https://x.y/#mi|', '&#x41|', '#봄 |', '봄#나|'])('is not in %s', (text) => {
    expect(typedAt(text)).toBeNull();
  });
});

describe('completing', () => {
  it('puts a tag and a space', () => {
    const typed = typedIn('a walk #봄', 9)!;
    expect(completed('a walk #봄', 9, typed, '봄나들이')).toEqual({ text: 'a walk #봄나들이 ', caret: 13 });
  });

  it('puts the handle and a space, and the caret behind', () => {
    const typed = typedIn('hi @mi', 6)!;
    expect(completed('hi @mi', 6, typed, 'mina')).toEqual({ text: 'hi @mina ', caret: 9 });
  });

  it('keeps what stands behind the caret', () => {
    const typed = typedIn('hi @민 there', 5)!;
    expect(completed('hi @민 there', 5, typed, 'mina')).toEqual({ text: 'hi @mina there', caret: 9 });
  });
});
