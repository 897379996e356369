// Completing a mention while it is typed: which word the caret stands in, and the text with the word completed. Pure.

/** A mention being typed. */
export interface Typed {
  /** What stands behind the `@` so far: the beginning of a handle, or of a name in any script. */
  word: string;
  /** Where the `@` stands. */
  from: number;
}

const TYPED = /(?<![A-Za-z0-9_/@＠])[@＠]([\p{L}\p{N}_]{1,20})$/u;

/** The mention in front of the caret, if one is being typed. */
export function typedMention(text: string, caret: number): Typed | null {
  const match = TYPED.exec(text.slice(0, caret));
  return match?.[1] ? { word: match[1], from: match.index } : null;
}

/** The text with the mention completed, and where the caret goes. */
export function completed(text: string, caret: number, typed: Typed, handle: string): { text: string; caret: number } {
  const behind = text.slice(caret);
  const mention = `@${handle}${/^\s/.test(behind) ? '' : ' '}`;
  return { text: text.slice(0, typed.from) + mention + behind, caret: typed.from + mention.length + (/^\s/.test(behind) ? 1 : 0) };
}
