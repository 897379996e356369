// The characters that a text may contain. rule.json is generated from the server's rule, and both run the same
// examples.
import rule from './rule.json';

/** Why a text cannot be sent: nothing in it can be seen, or a character that no text may have. */
export type Fault = { reason: 'empty' } | { reason: Reason; character: string };
export type Reason = 'control' | 'direction' | 'unusable' | 'loose_tag' | 'marks' | 'invisible';

const NAMES = ['blank', 'mark', 'invisible', 'tag', 'tag_end', 'flag_base', 'control', 'direction', 'unusable'] as const;
type Class = (typeof NAMES)[number] | 'visible';

interface Range {
  from: number;
  to: number;
  class: Class;
}

// A range is written as its distance from the last one and its length.
const RANGES: Range[] = NAMES.flatMap((name) => {
  const ranges: Range[] = [];
  let at = 0;
  for (let index = 0; index + 1 < rule[name].length; index += 2) {
    const from = at + (rule[name][index] ?? 0);
    at = from + (rule[name][index + 1] ?? 0);
    ranges.push({ from, to: at, class: name });
  }
  return ranges;
}).sort((a, b) => a.from - b.from);

function classOf(codePoint: number): Class {
  let [low, high] = [0, RANGES.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((RANGES[middle]?.to ?? 0) <= codePoint) low = middle + 1;
    else high = middle;
  }
  const range = RANGES[low];
  return range && range.from <= codePoint ? range.class : 'visible';
}

// White space as the server sees it: with U+0085, and without the byte order mark.
const END = /(?:[^\S\ufeff]|\x85)+$/u;

const REFUSED: Partial<Record<Class, Reason>> = { control: 'control', direction: 'direction', unusable: 'unusable' };

// The line breaks of every system.
const BREAK = /\r\n|[\n\r\v\f\x85\u2028\u2029]/;

/** A text as the server stores it, before anything is refused: its line breaks, blank lines and end in one form. */
export function written(text: string): string {
  let kept = '';
  let followsBlank = false;
  for (const line of text.normalize('NFC').split(BREAK)) {
    if (!isSeen(line)) {
      followsBlank = true;
      continue;
    }
    if (kept !== '') kept += followsBlank ? '\n\n' : '\n';
    kept += line;
    followsBlank = false;
  }
  return kept.replace(END, '');
}

function isSeen(line: string): boolean {
  for (const character of line) {
    const kind = classOf(character.codePointAt(0) ?? 0);
    if (kind !== 'blank' && kind !== 'invisible') return true;
  }
  return false;
}

/** What is wrong with a text, or null. The server says the same. */
export function fault(text: string): Fault | null {
  const kept = written(text);
  const refused = refusedIn(kept);
  const visible = Array.from(kept, (character) => classOf(character.codePointAt(0) ?? 0)).some(
    (kind) => kind === 'visible' || kind === 'flag_base',
  );
  // A text of only invisible characters is empty.
  if (refused && (visible || refused.reason !== 'invisible')) return refused;
  return visible ? null : { reason: 'empty' };
}

/** Whether a text has something to see and no character at fault. */
export function allowed(text: string): boolean {
  return fault(text) === null;
}

function refusedIn(text: string): { reason: Reason; character: string } | null {
  let [marks, invisible, tags] = [0, 0, 0];
  let flag = false;
  let firstTag = 0;
  const refuse = (reason: Reason, codePoint: number) => ({ reason, character: named(codePoint) });
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    const kind = classOf(codePoint);
    if (kind === 'tag' && flag && tags < rule.flag_tags_max) {
      if (tags === 0) firstTag = codePoint;
      tags += 1;
    } else if (kind === 'tag_end' && tags >= rule.flag_tags_min) {
      flag = false;
      tags = 0;
    } else if (kind === 'tag' || kind === 'tag_end' || tags > 0) {
      return refuse('loose_tag', tags > 0 ? firstTag : codePoint);
    } else {
      flag = kind === 'flag_base';
    }
    const reason = REFUSED[kind];
    if (reason) return refuse(reason, codePoint);
    if (kind === 'mark') marks += 1;
    else if (kind === 'invisible') invisible += 1;
    else if (kind !== 'tag' && kind !== 'tag_end') marks = invisible = 0;
    if (marks > rule.marks_in_a_row_max) return refuse('marks', codePoint);
    if (invisible > rule.invisible_in_a_row_max) return refuse('invisible', codePoint);
  }
  return tags > 0 ? refuse('loose_tag', firstTag) : null;
}

function named(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}
