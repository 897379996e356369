// Handles in a comment. The server does not say which of them exist, so each that could be one leads to its profile.
const HANDLE = /(?<![A-Za-z0-9_./@])[@＠]([A-Za-z][A-Za-z0-9_]{2,19})(?![A-Za-z0-9_])/g;

/** The handles in a text, lower case. */
export function namesIn(text: string): string[] {
  return [...text.matchAll(HANDLE)].map((match) => (match[1] ?? '').toLowerCase());
}
