import { describe, expect, it } from 'vitest';

import { segments, type Segment } from './segments';

const found = { handles: ['mina', 'bo_2'], tags: ['서울', 'seoul2024', 'ラーメン'] };
const links = (text: string): string[] =>
  segments(text, found).flatMap((segment: Segment) => {
    if (segment.kind === 'web') return [segment.address];
    if (segment.kind === 'person') return [`@${segment.handle}`];
    return segment.kind === 'tag' ? [`#${segment.tag}`] : [];
  });

describe('links in a text', () => {
  it.each([
    ['https://example.org/a?b=c#d', ['https://example.org/a?b=c#d']],
    ['보세요: https://example.org/a을 꼭', ['https://example.org/a']],
    ['(https://example.org/wiki/Magpie_(bird)).', ['https://example.org/wiki/Magpie_(bird)']],
    ['https://example.org, http://example.com!', ['https://example.org', 'http://example.com']],
    ['javascript:alert(1) data:text/html,x ftp://a.b', []],
    ['https:// http://', []],
    ['안녕@mina야 @Bo_2', ['@mina', '@bo_2']],
    ['a@mina.example @nobody @mina_x', []],
    ['#서울 #부산 ＃ラーメン #SEOUL2024', ['#서울', '#ラーメン', '#seoul2024']],
    ['a#서울 &#서울', []],
    ['https://example.org/#서울', ['https://example.org/']],
    ['<img src=x onerror=alert(1)>', []],
  ])('%s', (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  it('leave the rest of the text as it was', () => {
    for (const text of ['', 'plain', '안녕 @mina! #서울 가자\n\nhttps://example.org/x.', '@mina@mina #서울#서울']) {
      const shown = segments(text, found)
        .map((segment) => (segment.kind === 'web' ? segment.address : segment.text))
        .join('');
      expect(shown).toBe(text);
    }
  });

  it('that are long are shown shortened and lead to the whole', () => {
    const address = `https://www.example.org/${'a'.repeat(80)}`;
    const [segment] = segments(address, found);
    expect(segment).toMatchObject({ kind: 'web', address });
    expect(segment?.text.length).toBeLessThan(50);
  });
});
