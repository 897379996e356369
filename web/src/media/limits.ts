// What the server takes at most, and how the client uploads. The server decides; the first three only let a form report a
// mistake before anything is sent.

/** Photos of one story. */
export const ATTACHMENTS_MAX = 10;
/** Characters of a description. */
export const ALT_CHARACTERS_MAX = 500;
/** Bytes of a file. */
export const FILE_BYTES_MAX = 20 * 1024 * 1024;

/** Uploads at once. One leaves the connection idle between files; more share it, and each takes longer to be complete. */
export const UPLOADS_AT_ONCE_MAX = 2;
/** An upload of which nothing moved for this long has lost its connection, in milliseconds. */
export const STALLED_AFTER = 30_000;
/** First wait before an interrupted upload continues, in milliseconds. It doubles up to the maximum. */
export const WAIT_FIRST = 3_000;
export const WAIT_MAX = 60_000;

/** The files that a person can choose. Without HEIC in the list, an iPhone converts its photos to JPEG. */
export const ACCEPTED = 'image/jpeg,image/png,image/gif,image/webp';
