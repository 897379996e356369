import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { fault, written } from './allowed';

interface Example {
  about: string;
  text: string;
  expected: string;
  character?: string;
  written?: string;
}

// The server's own examples: both sides say the same of each.
const examples = JSON.parse(readFileSync('../crates/feed/tests/allowed-text.json', 'utf8')) as Example[];

describe('characters of a text', () => {
  it.each(examples)('$about', ({ text, expected, character, written: stored }) => {
    const wrong = fault(text);
    expect(wrong?.reason ?? 'ok').toBe(expected);
    expect(wrong && 'character' in wrong ? wrong.character : undefined).toBe(character);
    if (stored !== undefined) expect(written(text)).toBe(stored);
  });

  it('may not be half of one', () => {
    expect(fault('a\ud800b')).toEqual({ reason: 'unusable', character: 'U+D800' });
  });
});
