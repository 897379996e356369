// Limits of the server, and parameters of uploads. The server enforces its limits; here they only let a form report a
// mistake before anything is sent.
import type { MediaKind } from '$/api/media';

/** Photos and videos of one story. */
export const ATTACHMENTS_MAX = 10;
/** Characters of a description. */
export const ALT_CHARACTERS_MAX = 500;

const MEGABYTE = 1_000_000;
const MEBIBYTE = 1024 * 1024;
/** Megabytes of a file. */
export const MEGABYTES_MAX: Record<MediaKind, number> = { photo: 20, video: 200 };
/** Minutes of a video. */
export const VIDEO_MINUTES_MAX = 10;

/** Whether a file is larger than the server takes. */
export function isTooLarge(bytes: number, kind: MediaKind): boolean {
  return bytes > MEGABYTES_MAX[kind] * MEGABYTE;
}

/** Largest file in bytes that is sent in one request. Larger files are sent in parts and continue after an interruption. */
export const AT_ONCE_BYTES_MAX = MEBIBYTE;
/** Bytes of a part. A proxy may hold back a part until all of it is there, so that an interruption loses that much. */
export const PART_BYTES = 8 * MEBIBYTE;

/** Uploads at once. One leaves the connection idle between files; more share it, and each takes longer to be complete. */
export const UPLOADS_AT_ONCE_MAX = 2;
/** An upload of which nothing moved for this long has lost its connection, in milliseconds. */
export const STALLED_AFTER = 30_000;
/** First wait before an interrupted upload continues, in milliseconds. It doubles up to the maximum. */
export const WAIT_FIRST = 3_000;
export const WAIT_MAX = 60_000;

/** The files that a person can choose. Without HEIC in the list, an iPhone converts its photos to JPEG. */
export const ACCEPTED = 'image/jpeg,image/png,image/gif,image/webp,video/mp4,video/quicktime,video/webm';
