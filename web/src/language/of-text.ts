// The language of what somebody wrote, for the `lang` attribute: it decides how lines break, which shapes Han characters
// take and with which voice a screen reader reads.

/** Scripts of one living language each. */
const SCRIPTS: [RegExp, string][] = [
  [/\p{Script=Hebrew}/u, 'he'],
  [/\p{Script=Thai}/u, 'th'],
  [/\p{Script=Greek}/u, 'el'],
];

/**
 * The language of a text, told by its letters. Han and Latin letters alone are taken for the author's own language;
 * undefined for scripts that several languages share, such as Arabic and Cyrillic.
 */
export function languageOf(text: string, author: string): string | undefined {
  if (/[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]/.test(text)) return 'ko';
  if (/[\u3040-\u30ff\uff66-\uff9f]/.test(text)) return 'ja';
  if (/[\u4e00-\u9fff]/.test(text)) return author === 'en' ? undefined : author;
  const language = SCRIPTS.find(([script]) => script.test(text))?.[1];
  if (language) return language;
  const isForeign = /\p{L}/u.test(text.replace(/\p{Script=Latin}/gu, ''));
  return author === 'en' && !isForeign ? 'en' : undefined;
}
