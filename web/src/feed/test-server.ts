// A server of home feeds for tests: what the client's feed promises is held against it.
import { Failure } from '$/api/failure';
import type { FeedPage, Story } from '$/api/types';

import type { Ask } from './home.svelte';

/** A story with this id. */
export function storyOf(id: number): Story {
  const author = { id: '1', handle: 'bo', display_name: 'Bo', bio: '', language: 'en' };
  const created_at = new Date(1_700_000_000_000 + id * 1000).toISOString();
  return { id: String(id), author, text: `story ${id}`, audience: 'friends', attachments: [], entities: [], created_at, mentions: [], tags: [], likes: 0, comments: 0, revision: 0, liked: false } as Story;
}

/** A server that keeps its promises: pages down by id, and newer ones in the order in which they were delivered. */
export class Server {
  delivered: number[] = [];
  hidden = new Set<number>();
  failing = false;
  lost = false;
  asked: Ask[] = [];

  constructor(...ids: number[]) {
    this.delivered = ids;
  }

  fetch = async (ask: Ask): Promise<FeedPage> => {
    this.asked.push(ask);
    return this.answer(ask);
  };

  protected answer(ask: Ask): FeedPage {
    if (this.failing) throw Failure.offline();
    const after = String(this.delivered.length);
    if (ask.after && !this.lost) {
      const since = this.delivered.slice(Number(ask.after), Number(ask.after) + ask.limit);
      const next = Number(ask.after) + since.length;
      return this.page(since, { after: String(next), before: null, end: next === this.delivered.length });
    }
    const all = this.delivered.filter((id) => !ask.before || ask.after || id < Number(ask.before)).sort((a, b) => b - a);
    const some = all.slice(0, ask.limit);
    const end = some.length === all.length;
    const page = this.page(some, { after: ask.before ? null : after, before: String(some.at(-1) ?? 0), end });
    return ask.after ? { ...page, reset: true } : page;
  }

  private page(ids: number[], rest: Pick<FeedPage, 'after' | 'before' | 'end'>): FeedPage {
    return { items: ids.filter((id) => !this.hidden.has(id)).map(storyOf), ...rest };
  }
}

/** A server that rejects the cursors of older stories it gave out in an earlier era, before a restore. */
export class Restored extends Server {
  era = 0;
  knowsNone = false;

  override fetch = async (ask: Ask): Promise<FeedPage> => {
    this.asked.push(ask);
    const [era, before] = ask.before?.split(' ') ?? [];
    if (ask.before && (this.knowsNone || era !== String(this.era))) throw new Failure('cursor_invalid', 400);
    const page = await this.answer({ ...ask, ...(before ? { before } : {}) });
    return { ...page, before: `${this.era} ${page.before}` };
  };
}

/** Whole numbers, both ends included. */
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
