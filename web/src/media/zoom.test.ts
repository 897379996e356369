import { describe, expect, it } from 'vitest';

import { bounded, SCALE_MAX, swipeOf, WHOLE, zoomed } from './zoom';

const screen = { width: 400, height: 800 };

describe('enlarging a picture', () => {
  it('keeps what is under the fingers where it is', () => {
    const at = { x: 100, y: -200 };
    const view = zoomed(WHOLE, 2, at, screen);
    expect(view).toEqual({ scale: 2, x: -100, y: 200 });
    // The point of the picture under `at`, before and after.
    expect((at.x - view.x) / view.scale).toBe(at.x);
  });

  it('ends at the largest scale and at the whole picture', () => {
    expect(zoomed(WHOLE, 100, { x: 0, y: 0 }, screen).scale).toBe(SCALE_MAX);
    expect(zoomed({ scale: 2, x: 50, y: 50 }, 0.1, { x: 10, y: 10 }, screen)).toEqual(WHOLE);
  });

  it('never moves the edges of the picture into the screen', () => {
    expect(bounded({ scale: 2, x: 999, y: -999 }, screen)).toEqual({ scale: 2, x: 200, y: -400 });
    expect(bounded({ scale: 1, x: 30, y: 0 }, screen)).toEqual(WHOLE);
  });
});

describe('a finger that moves over a picture', () => {
  it.each([
    [{ x: -80, y: 10 }, 600, 'next'],
    [{ x: 80, y: 10 }, 600, 'previous'],
    [{ x: -30, y: 0 }, 50, 'next'],
    [{ x: 5, y: 90 }, 600, 'close'],
    [{ x: -30, y: 0 }, 600, null],
    [{ x: 0, y: -200 }, 300, null],
    [{ x: 3, y: 2 }, 5, null],
  ] as const)('by %o within %i ms means %s', (by, milliseconds, meant) => {
    expect(swipeOf(by, milliseconds)).toBe(meant);
  });
});
