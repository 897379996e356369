// How pictures are shown: which size is loaded, and how large a grid of them is before any of them is there.
import type { Attachment, PictureSize } from '$/api/media';

/** A single picture is shown between these ratios of width to height; what is beyond is cropped. */
const RATIO_MIN = 3 / 4;
const RATIO_MAX = 2.4;
/** The ratio of a medium of unknown size. */
const RATIO_UNKNOWN = 4 / 3;

/** Width by height of a medium. */
export function ratioOf({ width, height }: { width: number; height: number }): number {
  return width > 0 && height > 0 ? width / height : RATIO_UNKNOWN;
}

/** Width by height of the place of a single picture. */
export function ratioAlone(medium: { width: number; height: number }): number {
  return Math.min(Math.max(ratioOf(medium), RATIO_MIN), RATIO_MAX);
}

/** Whether the person asked their browser to load less. */
export function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

/** The sizes that may be loaded: all of them, or the smallest only. */
export function loadable(sizes: readonly PictureSize[], saves = savesData()): readonly PictureSize[] {
  return saves ? sizes.slice(0, 1) : sizes;
}

/** The `srcset` of these sizes in one format. Empty when a size lacks the format. */
export function srcset(sizes: readonly PictureSize[], format: 'webp' | 'jpeg'): string {
  if (sizes.some((size) => !size[format])) return '';
  return sizes.map((size) => `${size[format]} ${size.width}w`).join(', ');
}

/** The picture for browsers that know no `srcset`. */
export function fallback(sizes: readonly PictureSize[]): string {
  const size = sizes.at(-1);
  return size?.jpeg ?? size?.webp ?? '';
}

/** The duration of a video as a clock shows it. */
export function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const padded = (value: number) => String(value).padStart(2, '0');
  return `${hours > 0 ? `${hours}:${padded(minutes)}` : minutes}:${padded(seconds % 60)}`;
}

/** What a reader sees: a medium that failed is shown to its author only. */
export function visible(attachments: readonly Attachment[], isMine: boolean): Attachment[] {
  return attachments.filter(({ state }) => isMine || state !== 'failed');
}

/** The bytes of a text in base64. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
