// A text cut into what is shown as it stands and what leads somewhere: web addresses, people, tags. Nothing of it ever
// becomes HTML; each piece is a text or a link of the page.

/** One piece of a text. */
export type Segment =
  | { kind: 'text'; text: string }
  | { kind: 'web'; text: string; address: string }
  | { kind: 'person'; text: string; handle: string }
  | { kind: 'tag'; text: string; tag: string };

/** What the server found in the text: only people who exist and tags that it keeps become links. */
export interface Found {
  handles: readonly string[];
  tags: readonly string[];
}

/** Longer addresses are shown shortened. */
const SHOWN_ADDRESS_MAX = 48;

// Only ASCII within an address: in Korean and Japanese the next word follows without a space.
const WEB = /https?:\/\/[A-Za-z0-9][A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*/;
const PERSON = /[@＠]([A-Za-z][A-Za-z0-9_]{2,19})(?![A-Za-z0-9_])/;
const TAG = /[#＃]([\p{L}\p{M}\p{N}_]+)/u;
const PIECE = new RegExp(`(?<web>${WEB.source})|(?<person>${PERSON.source})|(?<tag>${TAG.source})`, 'gu');

/** The text in pieces; put together they are the text again. */
export function segments(text: string, found: Found): Segment[] {
  const result: Segment[] = [];
  let from = 0;
  for (const match of text.matchAll(PIECE)) {
    const piece = pieceOf(match, text, found);
    if (!piece || match.index < from) continue;
    if (match.index > from) result.push({ kind: 'text', text: text.slice(from, match.index) });
    result.push(piece.segment);
    from = match.index + piece.length;
  }
  if (from < text.length) result.push({ kind: 'text', text: text.slice(from) });
  return result;
}

function pieceOf(match: RegExpMatchArray, text: string, found: Found): { segment: Segment; length: number } | null {
  const whole = match[0];
  const before = text.slice(0, match.index).at(-1) ?? '';
  if (match.groups?.['web']) {
    const address = withoutEnd(whole);
    return isAddress(address) ? { segment: { kind: 'web', text: shortened(address), address }, length: address.length } : null;
  }
  if (match.groups?.['person']) {
    const handle = whole.slice(1).toLowerCase();
    if (!found.handles.includes(handle) || /[A-Za-z0-9_./@]/.test(before)) return null;
    return { segment: { kind: 'person', text: whole, handle }, length: whole.length };
  }
  const tag = whole.slice(1).normalize('NFKC').toLowerCase();
  if (!found.tags.includes(tag) || /[\p{L}\p{M}\p{N}_&/]/u.test(before)) return null;
  return { segment: { kind: 'tag', text: whole, tag }, length: whole.length };
}

/** Marks at the end belong to the sentence; a bracket does when it was not opened within the address. */
function withoutEnd(address: string): string {
  let end = address.length;
  while (end > 0) {
    const last = address[end - 1] ?? '';
    const kept = address.slice(0, end);
    if (/[.,;:!?'*#]/.test(last) || (last === ')' && count(kept, ')') > count(kept, '(')) || last === ']') end -= 1;
    else break;
  }
  return address.slice(0, end);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function isAddress(address: string): boolean {
  return URL.canParse(address) && /^https?:\/\/[^/]*[A-Za-z0-9]/.test(address);
}

function shortened(address: string): string {
  const bare = address.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '');
  return bare.length > SHOWN_ADDRESS_MAX ? `${bare.slice(0, SHOWN_ADDRESS_MAX - 1)}…` : bare;
}
