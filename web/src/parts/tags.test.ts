import { describe, expect, it } from 'vitest';

import { tagsIn, tagsThatBegin } from './tags';

const stories = (...tags: string[][]) => tags.map((tags) => ({ tags }));

describe('the tags of a circle', () => {
  it('are the frequent ones first, counted once a story', () => {
    expect(tagsIn(stories(['a', 'b'], ['b', 'b'], ['b', 'a'], ['c']))).toEqual([
      { tag: 'b', stories: 3 },
      { tag: 'a', stories: 2 },
      { tag: 'c', stories: 1 },
    ]);
  });

  it('are six at most', () => {
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    expect(tagsIn(stories(all, all)).map(({ tag }) => tag)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });
});

describe('a tag that is being typed', () => {
  it('is completed to the frequent tags first, but not to itself', () => {
    const told = stories(['봄나들이', 'spring'], ['봄나들이'], ['봄', '봉사'], ['보물', 'spring'], ['가을']);
    expect(tagsThatBegin('봄', told)).toEqual(['봄나들이', '보물']);
    expect(tagsThatBegin('보', told)).toEqual(['봄나들이', '봄', '봉사', '보물']);
    expect(tagsThatBegin('SPR', told)).toEqual(['spring']);
    expect(tagsThatBegin('겨', told)).toEqual([]);
  });
});
