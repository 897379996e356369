import { describe, expect, it } from 'vitest';

import { placed } from './placed';

const WINDOW = { width: 400, height: 800 };
const LIST = { width: 200, height: 150 };
const button = (left: number, top: number) => ({ left, top, right: left + 44, bottom: top + 44 });

describe('a list that a button opens', () => {
  it.each([
    ['below its button, at its end', button(300, 100), LIST, { x: 144, y: 148 }],
    ['above, when there is no room below', button(300, 700), LIST, { x: 144, y: 546 }],
    ['within the window, when its button is at the beginning of a line', button(0, 100), LIST, { x: 8, y: 148 }],
    ['within the window, when its button is half outside', button(380, 100), LIST, { x: 192, y: 148 }],
    ['within the window, when there is room neither above nor below', button(300, 100), { width: 200, height: 700 }, { x: 144, y: 92 }],
    ['at the top, when it is higher than the window', button(300, 100), { width: 200, height: 900 }, { x: 144, y: 8 }],
  ])('stands %s', (_where, at, list, place) => {
    expect(placed(at, list, WINDOW)).toEqual(place);
  });
});
