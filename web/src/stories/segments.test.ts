import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { Entity } from '$/api/types';

import { segments, type Segment } from './segments';

interface Example {
  about: string;
  text: string;
  /** Kind, covered part of the text, target; for a link also the text that is drawn. */
  entities: [Entity['kind'], string, string, string?][];
}

// The server's own examples.
const examples = JSON.parse(readFileSync('../crates/feed/tests/entities.json', 'utf8')) as Example[];

/** The entities as the API sends them: positions in code points. */
function sent({ text, entities }: Example): Entity[] {
  let from = 0;
  return entities.map(([kind, part, target, display]) => {
    const at = text.indexOf(part, from);
    from = at + part.length;
    const [start, end] = [[...text.slice(0, at)].length, [...text.slice(0, from)].length];
    if (kind === 'link') return { kind, start, end, url: target, display };
    return kind === 'tag' ? { kind, start, end, tag: target } : { kind, start, end };
  }) as Entity[];
}

const drawn = (segment: Segment): string[] | null => {
  if (segment.kind === 'web') return ['link', segment.address, segment.text];
  if (segment.kind === 'person') return ['mention', segment.handle];
  return segment.kind === 'tag' ? ['tag', segment.tag] : null;
};

describe('links in a text', () => {
  it.each(examples)('$about', (example) => {
    const pieces = segments(example.text, sent(example));
    expect(pieces.map(drawn).filter(Boolean)).toEqual(
      example.entities.map(([kind, , target, display]) => (kind === 'link' ? [kind, target, display] : [kind, target])),
    );
    const whole = pieces.map((piece, index) => (piece.kind === 'web' ? example.entities[links(pieces, index)]?.[1] : piece.text));
    expect(whole.join('')).toBe(example.text);
  });

  it('stand behind emoji where the server counted them', () => {
    const text = '👩‍👧 @mina';
    expect(segments(text, [{ kind: 'mention', start: 4, end: 9 }])).toEqual([
      { kind: 'text', text: '👩‍👧 ' },
      { kind: 'person', text: '@mina', handle: 'mina' },
    ]);
  });

  it('are left out of a text that was cut in front of their end', () => {
    const entities: Entity[] = [
      { kind: 'tag', start: 0, end: 2, tag: '봄' },
      { kind: 'tag', start: 3, end: 6, tag: '여름' },
    ];
    expect(segments('#봄 #여', entities)).toEqual([
      { kind: 'tag', text: '#봄', tag: '봄' },
      { kind: 'text', text: ' #여' },
    ]);
  });

  it('lead to the web only', () => {
    for (const url of ['javascript:alert(1)', 'data:text/html,x', '']) {
      expect(segments('x', [{ kind: 'link', start: 0, end: 1, url, display: 'x' }])).toEqual([{ kind: 'text', text: 'x' }]);
    }
  });

  it('may be unknown to this client', () => {
    const entity = { kind: 'sound', start: 0, end: 1 } as unknown as Entity;
    expect(segments('xy', [entity])).toEqual([{ kind: 'text', text: 'xy' }]);
  });
});

/** How many entities stand in front of a piece. */
function links(pieces: Segment[], index: number): number {
  return pieces.slice(0, index).filter((piece) => piece.kind !== 'text').length;
}
