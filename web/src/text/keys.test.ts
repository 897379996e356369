import { describe, expect, it } from 'vitest';

import { keysOf } from './keys';

describe('a word that is being typed', () => {
  it.each([
    ['ㄱ', '가나다'],
    ['가', '가나다'],
    ['간', '가나다'],
    ['가낟', '가나다'],
    ['봄', '봄나들이'],
    ['봄ㄴ', '봄나들이'],
    ['앉', '안자'],
    ['고', '과일'],
    ['ＳＰ', 'spring'],
    ['ﾐ', 'ミナ'],
  ])('%s begins %s', (typed, whole) => {
    expect(keysOf(whole).startsWith(keysOf(typed))).toBe(true);
  });

  it.each([
    ['강', '가나다'],
    ['간', '강남'],
    ['나', '가나다'],
  ])('%s does not begin %s', (typed, whole) => {
    expect(keysOf(whole).startsWith(keysOf(typed))).toBe(false);
  });
});
