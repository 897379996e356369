import { describe, expect, it } from 'vitest';

import { extent, MIDDLE, moved, SCALE_MAX, scaled, squareOf, within } from './crop';

const wide = { width: 4000, height: 2000 };
const tall = { width: 900, height: 1600 };

describe('the square of a profile picture', () => {
  it('is the middle of the picture at first, and as large as it can be', () => {
    expect(squareOf(MIDDLE, wide)).toEqual({ x: 1000, y: 0, side: 2000 });
    expect(squareOf(MIDDLE, tall)).toEqual({ x: 0, y: 350, side: 900 });
  });

  it('fills the place, whatever the picture', () => {
    expect(extent(wide, 1)).toEqual({ width: 2, height: 1 });
    expect(extent(tall, 2)).toEqual({ width: 2, height: (2 * 1600) / 900 });
  });

  it('follows the finger and stays inside of the picture', () => {
    expect(squareOf(moved(MIDDLE, { x: 0.25, y: 0 }, wide), wide)).toEqual({ x: 500, y: 0, side: 2000 });
    expect(squareOf(moved(MIDDLE, { x: 9, y: 9 }, wide), wide)).toEqual({ x: 0, y: 0, side: 2000 });
    expect(squareOf(moved(MIDDLE, { x: -9, y: -9 }, wide), wide)).toEqual({ x: 2000, y: 0, side: 2000 });
  });

  it('keeps what is under the fingers when it is enlarged', () => {
    const at = { x: 0.25, y: -0.25 };
    const crop = scaled(MIDDLE, 2, wide, at);
    const pixel = (view: typeof crop) => {
      const { x, y, side } = squareOf(view, wide);
      return { x: x + (at.x + 0.5) * side, y: y + (at.y + 0.5) * side };
    };
    expect(pixel(crop)).toEqual(pixel(MIDDLE));
    expect(squareOf(crop, wide).side).toBe(1000);
  });

  it('is never larger than the picture and never a few pixels only', () => {
    expect(scaled(MIDDLE, 0.1, tall)).toEqual(MIDDLE);
    expect(scaled(MIDDLE, 99, tall).scale).toBe(SCALE_MAX);
    const corner = moved(scaled(MIDDLE, 3, tall), { x: 9, y: 9 }, tall);
    expect(squareOf(within({ ...corner, scale: 1 }, tall), tall)).toEqual({ x: 0, y: 0, side: 900 });
  });
});
