import { describe, expect, it } from 'vitest';

import en from './en';
import ja from './ja';
import ko from './ko';
import { filled, pieces, type Message } from './message';

const every = { en, ja, ko } as Record<string, Record<string, Message>>;

function texts(message: Message): string[] {
  return typeof message === 'string' ? [message] : Object.values(message);
}

function places(message: Message): string[] {
  const names = texts(message).flatMap((text) => pieces(text).flatMap((piece) => ('place' in piece ? [piece.place] : [])));
  return [...new Set(names)].filter((name) => name !== 'n').sort();
}

describe('messages', () => {
  it('exist in every language', () => {
    const keys = Object.keys(en).sort();
    expect(Object.keys(ko).sort()).toEqual(keys);
    expect(Object.keys(ja).sort()).toEqual(keys);
  });

  it('have the same places in every language', () => {
    for (const key of Object.keys(en)) {
      const [inEnglish, inJapanese, inKorean] = ['en', 'ja', 'ko'].map((code) => places(every[code]![key]!));
      expect(inKorean, key).toEqual(inEnglish);
      expect(inJapanese, key).toEqual(inEnglish);
    }
  });

  it('are never empty and never left in English', () => {
    for (const [code, messages] of Object.entries(every)) {
      for (const [key, message] of Object.entries(messages)) {
        for (const text of texts(message)) expect(text.trim(), `${code} ${key}`).not.toBe('');
      }
    }
    const sentences = Object.entries(en).filter(([, message]) => texts(message as Message).some((text) => text.split(' ').length > 3));
    for (const [key, message] of sentences) {
      expect(every['ko']![key], key).not.toEqual(message);
      expect(every['ja']![key], key).not.toEqual(message);
    }
  });

  it('choose the plural by the rules of the language', () => {
    const message = { one: '{n} story', other: '{n} stories' };
    expect(filled(message, { n: 1 }, 'en')).toBe('1 story');
    expect(filled(message, { n: 2 }, 'en')).toBe('2 stories');
    expect(filled(message, { n: 1 }, 'ko')).toBe('1 stories');
  });

  it('never fill a place twice, so that a name with braces stays a name', () => {
    expect(filled('{name} likes {what}', { name: '{what}', what: 'tea' }, 'en')).toBe('{what} likes tea');
  });
});
