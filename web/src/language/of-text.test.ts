import { describe, expect, it } from 'vitest';

import { languageOf } from './of-text';

describe('the language of a text', () => {
  it.each([
    ['까치가 왔어요', 'en', 'ko'],
    ['こんにちは', 'en', 'ja'],
    ['東京', 'ja', 'ja'],
    ['東京', 'en', undefined],
    ['hello', 'en', 'en'],
    ['hello', 'ko', undefined],
    ['¡Olé! 🎉', 'en', 'en'],
    ['שלום', 'en', 'he'],
    ['สวัสดี', 'en', 'th'],
    ['مرحبا', 'en', undefined],
    ['привет', 'en', undefined],
    ['', 'en', 'en'],
  ])('%s by somebody who reads %s is %s', (text, author, language) => {
    expect(languageOf(text, author)).toBe(language);
  });
});
