import { describe, expect, it } from 'vitest';

import type { PictureSize } from '$/api/media';

import { clock, fallback, loadable, ratioAlone, srcset } from './picture';

const size = (width: number, jpeg = true): PictureSize => ({ width, height: width, webp: `/media/1/${width}.webp`, jpeg: jpeg ? `/media/1/${width}.jpg` : null });

describe('the place of a picture', () => {
  it.each([
    [4000, 3000, 4 / 3],
    [3000, 4000, 3 / 4],
    [1000, 9000, 3 / 4],
    [9000, 1000, 2.4],
    [0, 0, 4 / 3],
  ])('of %i × %i is known before it is loaded, and is neither a tower nor a line', (width, height, ratio) => {
    expect(ratioAlone({ width, height })).toBeCloseTo(ratio);
  });
});

describe('the sizes of a picture', () => {
  it('are offered to the browser in each format', () => {
    expect(srcset([size(480), size(1080)], 'webp')).toBe('/media/1/480.webp 480w, /media/1/1080.webp 1080w');
    expect(srcset([size(480), size(1080)], 'jpeg')).toBe('/media/1/480.jpg 480w, /media/1/1080.jpg 1080w');
    expect(fallback([size(480), size(1080)])).toBe('/media/1/1080.jpg');
  });

  it('of an animation are WebP only', () => {
    expect(srcset([size(480, false)], 'jpeg')).toBe('');
    expect(fallback([size(480, false)])).toBe('/media/1/480.webp');
  });

  it('are the smallest only for people who save data', () => {
    expect(loadable([size(480), size(1080)], true)).toEqual([size(480)]);
    expect(loadable([size(480), size(1080)], false)).toHaveLength(2);
  });
});

describe('the duration of a video', () => {
  it.each([
    [400, '0:00'],
    [9_600, '0:10'],
    [75_000, '1:15'],
    [3_605_000, '1:00:05'],
  ])('of %i ms is %s', (milliseconds, shown) => {
    expect(clock(milliseconds)).toBe(shown);
  });
});
