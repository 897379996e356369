// Hangul as the keys that type it, so that what is being typed is a prefix of what it becomes: 간 begins 가나다. The server
// compares names in the same way.

const VOWELS = ['ㅏ', 'ㅐ', 'ㅑ', 'ㅒ', 'ㅓ', 'ㅔ', 'ㅕ', 'ㅖ', 'ㅗ', 'ㅗㅏ', 'ㅗㅐ', 'ㅗㅣ', 'ㅛ', 'ㅜ', 'ㅜㅓ', 'ㅜㅔ', 'ㅜㅣ', 'ㅠ', 'ㅡ', 'ㅡㅣ', 'ㅣ'];
const INITIALS = ['ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ'];
const FINALS = ['', 'ㄱ', 'ㄲ', 'ㄱㅅ', 'ㄴ', 'ㄴㅈ', 'ㄴㅎ', 'ㄷ', 'ㄹ', 'ㄹㄱ', 'ㄹㅁ', 'ㄹㅂ', 'ㄹㅅ', 'ㄹㅌ', 'ㄹㅍ', 'ㄹㅎ', 'ㅁ', 'ㅂ', 'ㅂㅅ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ'];

const FIRST = 0xac00;
const LAST = 0xd7a3;
const SYLLABLES_PER_INITIAL = VOWELS.length * FINALS.length;

/** The keys of a word, without the differences of width and case. */
export function keysOf(word: string): string {
  // Composed syllables are taken apart here; letters that stand alone stay as they are, as the keyboard shows them.
  return Array.from(word.normalize('NFC').toLowerCase(), (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < FIRST || code > LAST) return /[ㄱ-ㆎ]/.test(character) ? character : character.normalize('NFKC');
    const place = code - FIRST;
    const initial = INITIALS[Math.floor(place / SYLLABLES_PER_INITIAL)] ?? '';
    const vowel = VOWELS[Math.floor((place % SYLLABLES_PER_INITIAL) / FINALS.length)] ?? '';
    return initial + vowel + (FINALS[place % FINALS.length] ?? '');
  }).join('');
}
