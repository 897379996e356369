// Completing a mention or a tag while it is typed: which word the caret stands in, and the text with the word completed.
// Pure.

/** A mention or a tag being typed. */
export interface Typed {
  kind: 'mention' | 'tag';
  /** What stands behind the sign so far: the beginning of a handle, of a name in any script, or of a tag. */
  word: string;
  /** Where the `@` or `#` stands. */
  from: number;
}

const MENTION = /(?<![A-Za-z0-9_/@＠])[@＠]([\p{L}\p{N}_]{1,20})$/u;
// A sign inside a word, an address or an entity of HTML begins no tag.
const TAG = /(?<![\p{L}\p{N}\p{M}_&/#＃])[#＃]([\p{L}\p{N}\p{M}_]{1,50})$/u;

/** The mention or tag in front of the caret, if one is being typed. */
export function typedAt(text: string, caret: number): Typed | null {
  const before = text.slice(0, caret);
  const found = (kind: Typed['kind'], match: RegExpExecArray | null) => (match?.[1] ? { kind, word: match[1], from: match.index } : null);
  return found('mention', MENTION.exec(before)) ?? found('tag', TAG.exec(before));
}

/** The text with the word completed to a handle or tag, and where the caret goes. */
export function completed(text: string, caret: number, typed: Typed, whole: string): { text: string; caret: number } {
  const behind = text.slice(caret);
  const word = `${typed.kind === 'tag' ? '#' : '@'}${whole}${/^\s/.test(behind) ? '' : ' '}`;
  return { text: text.slice(0, typed.from) + word + behind, caret: typed.from + word.length + (/^\s/.test(behind) ? 1 : 0) };
}
