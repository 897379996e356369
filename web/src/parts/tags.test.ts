import { describe, expect, it } from 'vitest';

import { tagsIn } from './tags';

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
