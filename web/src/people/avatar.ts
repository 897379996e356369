// What stands for a person who has no picture: one or two letters of their name on a colour of their own.

/** So many colours there are; each has a class in design/tokens.css. */
export const COLOURS = 8;

/** The person's colour, the same everywhere and always. */
export function colourOf(id: string): number {
  let sum = 0;
  for (const digit of id) sum = (sum * 31 + digit.charCodeAt(0)) % 65_521;
  return sum % COLOURS;
}

const HANGUL = /^[\uac00-\ud7a3]+$/;
const EAST_ASIAN = /^[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]/;

/**
 * The letters for a name: of a Korean name the given one (민아 of 김민아), of a Japanese one the start of its first word,
 * elsewhere the initials.
 */
export function lettersOf(name: string): string {
  const words = name.trim().split(/[\s・·]+/u).filter((word) => /\p{L}|\p{N}/u.test(word));
  const first = words[0];
  if (!first) return graphemes(name.trim())[0] ?? '';
  const letters = graphemes(first);
  if (HANGUL.test(first)) return letters.length >= 3 ? letters.slice(-2).join('') : letters.slice(0, 2).join('');
  if (EAST_ASIAN.test(first)) return letters.slice(0, 2).join('');
  const second = words.length > 1 ? graphemes(words.at(-1) ?? '')[0] : '';
  return ((letters[0] ?? '') + (second ?? '')).toUpperCase();
}

/** The characters as people count them: a flag or a letter with its marks is one. */
export function graphemes(text: string): string[] {
  if (!('Segmenter' in Intl)) return [...text];
  return Array.from(new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text), ({ segment }) => segment);
}
