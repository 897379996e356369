import { describe, expect, it } from 'vitest';

import { completed, typedMention } from './completion';

const typedAt = (textWithCaret: string) => {
  const caret = textWithCaret.indexOf('|');
  return typedMention(textWithCaret.replace('|', ''), caret);
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
    expect(typedAt(text)?.word).toBe(word);
  });

  it.each(['a@b|', '@|', '@mina |', '@@mi|', 'https://x.y/@mi|', ''])('is not in %s', (text) => {
    expect(typedAt(text.includes('|') ? text : `${text}|`)).toBeNull();
  });
});

describe('completing', () => {
  it('puts the handle and a space, and the caret behind', () => {
    const typed = typedMention('hi @mi', 6)!;
    expect(completed('hi @mi', 6, typed, 'mina')).toEqual({ text: 'hi @mina ', caret: 9 });
  });

  it('keeps what stands behind the caret', () => {
    const typed = typedMention('hi @민 there', 5)!;
    expect(completed('hi @민 there', 5, typed, 'mina')).toEqual({ text: 'hi @mina there', caret: 9 });
  });
});
