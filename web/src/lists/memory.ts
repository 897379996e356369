// What a list remembers while it is not on the screen, so that coming back shows it as it was left.
import type { Anchor } from '$/feed/snapshot';

import { Heights } from './heights';

/** Kept by whoever owns the list. */
export interface ListMemory {
  heights: Heights;
  /** The row at the top of the window; null at the top of the list. */
  anchor: Anchor | null;
}

/** A list that has not been seen yet. `guess` is the height of a usual row in pixels. */
export function freshMemory(guess: number): ListMemory {
  return { heights: new Heights(guess), anchor: null };
}
