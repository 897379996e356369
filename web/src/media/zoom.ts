// Enlarging a picture on the screen: pure arithmetic of points in pixels, measured from the middle of the screen.

export interface Point {
  x: number;
  y: number;
}

/** How a picture is shown: how many times as large as the screen, and by how much it is moved. */
export interface View extends Point {
  scale: number;
}

/** All of the picture, in the middle. */
export const WHOLE: View = { scale: 1, x: 0, y: 0 };
/** A picture on a full screen has few more pixels than this shows. */
export const SCALE_MAX = 5;
/** What a double tap enlarges to. */
export const SCALE_TAPPED = 2.5;

/** The view with its edges at the edges of the screen at most, and never smaller than the screen. */
export function bounded(view: View, screen: { width: number; height: number }): View {
  const scale = Math.min(Math.max(view.scale, 1), SCALE_MAX);
  const within = (value: number, size: number) => {
    const room = (size * (scale - 1)) / 2;
    return Math.min(Math.max(value, -room), room) + 0;
  };
  return { scale, x: within(view.x, screen.width), y: within(view.y, screen.height) };
}

/** Enlarges by a factor; what is under `at` stays there. */
export function zoomed(view: View, factor: number, at: Point, screen: { width: number; height: number }): View {
  const scale = Math.min(Math.max(view.scale * factor, 1), SCALE_MAX);
  const by = scale / view.scale;
  return bounded({ scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }, screen);
}

/** From one point to another. */
export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Between two points. */
export function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** A finger that moved by this much, or at this speed (pixels a millisecond), meant to swipe. */
const SWIPE_DISTANCE = 60;
const SWIPE_SPEED = 0.4;
const SWIPE_SPEED_DISTANCE = 20;

/** What a finger meant that moved by this much within this time: the next picture, the one before, closing, or nothing. */
export function swipeOf(by: Point, milliseconds: number): 'next' | 'previous' | 'close' | null {
  const isSideways = Math.abs(by.x) >= Math.abs(by.y);
  const moved = isSideways ? Math.abs(by.x) : by.y;
  const isFast = moved > SWIPE_SPEED_DISTANCE && moved / Math.max(milliseconds, 1) > SWIPE_SPEED;
  if (moved < SWIPE_DISTANCE && !isFast) return null;
  if (!isSideways) return 'close';
  return by.x < 0 ? 'next' : 'previous';
}
