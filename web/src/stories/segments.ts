// A text cut into what is shown as it stands and what leads somewhere. The server finds the links, mentions and tags;
// nothing is searched for here. Nothing of it ever becomes HTML; each piece is a text or a link of the page.
import type { Entity } from '$/api/types';

/** One piece of a text. */
export type Segment =
  | { kind: 'text'; text: string }
  | { kind: 'web'; text: string; address: string }
  | { kind: 'person'; text: string; handle: string }
  | { kind: 'tag'; text: string; tag: string };

/** The text in pieces. A text that was cut shorter has no part of an entity. */
export function segments(text: string, entities: readonly Entity[]): Segment[] {
  const result: Segment[] = [];
  const place = placesIn(text);
  let from = 0;
  for (const entity of entities) {
    const [start, end] = [place(entity.start), place(entity.end)];
    if (start === null || end === null) break;
    const piece = pieceOf(entity, text.slice(start, end));
    if (!piece) continue;
    if (start > from) result.push({ kind: 'text', text: text.slice(from, start) });
    result.push(piece);
    from = end;
  }
  if (from < text.length) result.push({ kind: 'text', text: text.slice(from) });
  return result;
}

/** Converts positions in code points to positions in this text; null behind its end. They may only grow. */
function placesIn(text: string): (codePoints: number) => number | null {
  let [at, codePoints] = [0, 0];
  return (wanted) => {
    for (; codePoints < wanted && at < text.length; codePoints += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    return codePoints === wanted ? at : null;
  };
}

function pieceOf(entity: Entity, text: string): Segment | null {
  switch (entity.kind) {
    case 'link':
      // Whatever a server says, a link leads to the web and runs no script.
      if (!entity.url || !/^https?:\/\//.test(entity.url)) return null;
      return { kind: 'web', text: entity.display ?? text, address: entity.url };
    case 'mention':
      return { kind: 'person', text, handle: text.slice(1).toLowerCase() };
    case 'tag':
      return entity.tag ? { kind: 'tag', text, tag: entity.tag } : null;
    default:
      return null;
  }
}
