import { describe, expect, it } from 'vitest';

import { Heights } from './heights';

const keys = (count: number) => Array.from({ length: count }, (_, index) => `row${index}`);

describe('heights of rows', () => {
  it('are guessed until they are measured', () => {
    const heights = new Heights(100);
    heights.setKeys(keys(10));
    expect(heights.total).toBe(1000);
    expect(heights.measure('row0', 50)).toBe(-50);
    heights.recount();
    expect(heights.top(1)).toBe(50);
    expect(heights.total).toBe(950);
  });

  it('are guessed from those that were measured, once there are enough', () => {
    const heights = new Heights(100);
    heights.setKeys(keys(10));
    for (let index = 0; index < 8; index += 1) heights.measure(`row${index}`, 50);
    heights.recount();
    expect(heights.total).toBe(500);
    heights.measure('row8', 500);
    heights.recount();
    expect(heights.total).toBe(8 * 50 + 500 + 50);
  });

  it('tell which row is where', () => {
    const heights = new Heights(100);
    heights.setKeys(keys(4));
    for (const [index, height] of [10, 20, 30, 40].entries()) heights.measure(`row${index}`, height);
    heights.recount();
    expect([-5, 0, 9.9, 10, 29, 30, 59, 60, 99, 500].map((y) => heights.at(y))).toEqual([0, 0, 0, 1, 1, 2, 2, 3, 3, 3]);
    expect(heights.top(99)).toBe(100);
  });

  it('stay with their rows when others come in front', () => {
    const heights = new Heights(100);
    heights.setKeys(['b']);
    heights.measure('b', 70);
    heights.setKeys(['a', 'b']);
    expect(heights.top(heights.indexOf('b'))).toBe(100);
    expect(heights.total).toBe(170);
  });

  it('say by how much a second measure differs from the first', () => {
    const heights = new Heights(100);
    heights.setKeys(['a']);
    heights.measure('a', 70);
    expect(heights.measure('a', 75)).toBe(5);
    expect(heights.indexOf('gone')).toBe(-1);
  });

  it('are nothing in an empty list', () => {
    const heights = new Heights(100);
    expect([heights.total, heights.at(50), heights.top(3), heights.count]).toEqual([0, 0, 0, 0]);
  });
});
