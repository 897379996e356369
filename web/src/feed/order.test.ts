import { describe, expect, it } from 'vitest';

import { isNewer, merged } from './order';

const ids = (...list: string[]) => list.map((id) => ({ id }));

describe('the order of stories', () => {
  it('is by number, though ids are texts beyond what a number holds', () => {
    expect(isNewer('10', '9')).toBe(true);
    expect(isNewer('9223372036854775807', '9223372036854775806')).toBe(true);
    expect(isNewer('7', '7')).toBe(false);
  });
});

describe('merging', () => {
  it('puts a story that came late into its place', () => {
    expect(merged(ids('9', '7', '3'), ids('8', '1'))).toEqual(ids('9', '8', '7', '3', '1'));
  });

  it('shows every story once', () => {
    expect(merged(ids('9', '7'), ids('9', '10', '10', '7'))).toEqual(ids('10', '9', '7'));
  });

  it('leaves the list alone when nothing is new, so that nothing is drawn again', () => {
    const list = ids('9', '7');
    expect(merged(list, ids('7'))).toBe(list);
  });

  it('is the sorted union, whatever the pages', () => {
    let seed = 7;
    const chance = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 200; round += 1) {
      const some = () => Array.from({ length: Math.floor(chance() * 12) }, () => String(1 + Math.floor(chance() * 30)));
      const sorted = (list: string[]) => [...new Set(list)].sort((a, b) => Number(b) - Number(a));
      const [a, b] = [sorted(some()), some()];
      expect(merged(ids(...a), ids(...b)).map((item) => item.id)).toEqual(sorted([...a, ...b]));
    }
  });
});
