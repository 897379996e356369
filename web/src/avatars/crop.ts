// Which square of a picture becomes the profile picture: pure arithmetic. Places are measured from the middle, in parts of
// the side of the square on the screen, so that they do not depend on its size.
import type { Point } from '$/media/zoom';

/** How a picture lies under the square: how many times as large as needed to fill it, and by how much it is moved. */
export interface Crop extends Point {
  scale: number;
}

/** Pixels. */
export interface Size {
  width: number;
  height: number;
}

/** The middle of the picture, as much of it as a square can have. */
export const MIDDLE: Crop = { scale: 1, x: 0, y: 0 };
/** A larger one would show single pixels of most photos. */
export const SCALE_MAX = 4;
/** Pixels of a side of what is sent. The server makes its sizes of it. */
export const SIDE = 640;

/** How large the picture is, in sides of the square. */
export function extent({ width, height }: Size, scale: number): Size {
  const side = Math.min(width, height) / scale;
  return { width: width / side, height: height / side };
}

/** The same, with the square inside of the picture. */
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

/** Enlarges to a scale; what is under `at` stays there. */
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
