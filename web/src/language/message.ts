// One message in one language: plain text with `{places}`, or one text for each plural that the language has.

/** Text with `{places}`; where a number decides, one text a plural category (CLDR), chosen by the value `n`. */
export type Message = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { other: string });

/** What fills the places of a message. Numbers are written the way the language does. */
export type Values = Record<string, string | number>;

/** A piece of a message: text as it stands, or a place to be filled. */
export type Piece = { text: string } | { place: string };

const PLACE = /\{(\w+)\}/g;

/** The text of a message for these values, with its places still open. */
export function chosen(message: Message, values: Values, language: string): string {
  if (typeof message === 'string') return message;
  const n = values['n'];
  const category = typeof n === 'number' ? pluralRules(language).select(n) : 'other';
  return message[category] ?? message.other;
}

/** A text cut at its places. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACE)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ place: match[1] ?? '' });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** A value as it is written in a sentence. */
export function written(value: string | number | undefined, language: string): string {
  if (typeof value === 'number') return numberFormat(language).format(value);
  return value ?? '';
}

/** The finished sentence. */
export function filled(message: Message, values: Values, language: string): string {
  return pieces(chosen(message, values, language))
    .map((piece) => ('text' in piece ? piece.text : written(values[piece.place], language)))
    .join('');
}

// Making these costs a hundred times more than using them.
const rules = new Map<string, Intl.PluralRules>();
const formats = new Map<string, Intl.NumberFormat>();

function pluralRules(language: string): Intl.PluralRules {
  let kept = rules.get(language);
  if (!kept) rules.set(language, (kept = new Intl.PluralRules(language)));
  return kept;
}

function numberFormat(language: string): Intl.NumberFormat {
  let kept = formats.get(language);
  if (!kept) formats.set(language, (kept = new Intl.NumberFormat(language, { notation: 'compact' })));
  return kept;
}
