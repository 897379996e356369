// Where a list stands that a button opens: below the button, above it when there is no room, and always within the window.

interface Size {
  width: number;
  height: number;
}

/** From the edge of the window, and from the button, in pixels. */
const EDGE = 8;
const GAP = 4;

/** The corner of a list of this size, in the window. Its end stands at the end of the button. */
export function placed(button: Pick<DOMRect, 'top' | 'bottom' | 'left' | 'right'>, list: Size, window: Size): { x: number; y: number } {
  const below = button.bottom + GAP;
  const above = button.top - GAP - list.height;
  const fitsBelow = below + list.height <= window.height - EDGE;
  const y = fitsBelow || above < EDGE ? Math.min(below, window.height - EDGE - list.height) : above;
  const x = Math.min(button.right - list.width, window.width - EDGE - list.width);
  return { x: Math.max(EDGE, x), y: Math.max(EDGE, y) };
}
