// Computes which square of a picture becomes the profile picture. Coordinates are measured from the middle, in sides of
// the
// square on the screen, so that they do not depend on its size.
import type { Point } from '$/media/zoom';

/** The position of a picture under the square: its scale (1 fills the square) and its offset. */
export interface Crop extends Point {
  scale: number;
}

/** Pixels. */
export interface Size {
  width: number;
  height: number;
}

/** The largest square in the middle of the picture. */
export const MIDDLE: Crop = { scale: 1, x: 0, y: 0 };
/** Maximum scale. A larger one would show single pixels of most photos. */
export const SCALE_MAX = 4;
/** Side of the uploaded picture, in pixels. The server makes its sizes from it. */
export const SIDE = 640;

/** Width and height of the picture, in sides of the square. */
export function extent({ width, height }: Size, scale: number): Size {
  const side = Math.min(width, height) / scale;
  return { width: width / side, height: height / side };
}

/** Limits a crop, so that the square stays inside the picture. */
export function within(crop: Crop, picture: Size): Crop {
  const scale = Math.min(Math.max(crop.scale, 1), SCALE_MAX);
  const { width, height } = extent(picture, scale);
  const bound = (value: number, size: number) => {
    const room = Math.max(size - 1, 0) / 2;
    return Math.min(Math.max(value, -room), room) + 0;
  };
  return { scale, x: bound(crop.x, width), y: bound(crop.y, height) };
}

/** Moves the picture. */
export function moved(crop: Crop, by: Point, picture: Size): Crop {
  return within({ ...crop, x: crop.x + by.x, y: crop.y + by.y }, picture);
}

/** Zooms to a scale. The point under `at` stays in place. */
export function scaled(crop: Crop, scale: number, picture: Size, at: Point = { x: 0, y: 0 }): Crop {
  const wanted = Math.min(Math.max(scale, 1), SCALE_MAX);
  const by = wanted / crop.scale;
  return within({ scale: wanted, x: at.x - (at.x - crop.x) * by, y: at.y - (at.y - crop.y) * by }, picture);
}

/** The square in pixels of the picture. */
export function squareOf(crop: Crop, picture: Size): { x: number; y: number; side: number } {
  const side = Math.min(picture.width, picture.height) / crop.scale;
  return { x: picture.width / 2 - (crop.x + 0.5) * side, y: picture.height / 2 - (crop.y + 0.5) * side, side };
}
