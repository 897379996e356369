import { describe, expect, it } from 'vitest';

import { Failure } from '$/api/failure';
import type { Reaction, Story } from '$/api/types';
import { shownToasts } from '$/parts/toasts.svelte';

import { wishLike } from './like';
import { live, type LiveStory } from './live.svelte';

let next = 1;

function story(): LiveStory {
  next += 1;
  const author = { id: '1', handle: 'bo', display_name: 'Bo', bio: '', language: 'en' };
  return live({ id: `${next}`, author, text: '', audience: 'public', attachments: [], entities: [], created_at: '2026-01-01T00:00:00.000Z', mentions: [], tags: [], likes: 4, comments: 0, revision: 0, liked: false } as Story);
}

/** A server whose answers come when the test says so. */
function server() {
  const sent: boolean[] = [];
  const answers: ((reaction: Reaction | Failure | undefined) => void)[] = [];
  const send = (_id: string, liked: boolean) =>
    new Promise<Reaction | undefined>((resolve, reject) => {
      sent.push(liked);
      answers.push((reaction) => (reaction instanceof Failure ? reject(reaction) : resolve(reaction)));
    });
  const answer = async (reaction: Reaction | Failure | undefined) => {
    answers.shift()?.(reaction);
    await new Promise((done) => setTimeout(done));
  };
  return { sent, send, answer };
}

describe('liking', () => {
  it('is shown before the server answers, and then what the server says', async () => {
    const [it, { send, answer }] = [story(), server()];
    void wishLike(it, true, send);
    expect(it.shown).toMatchObject({ liked: true, likes: 5 });
    await answer({ likes: 7, comments: 2, liked: true, revision: 9 });
    expect(it.shown).toMatchObject({ liked: true, likes: 7, comments: 2 });
  });

  it('is withdrawn without figures from the server: what is shown stays', async () => {
    const [it, { sent, send, answer }] = [story(), server()];
    it.change({ liked: true });
    void wishLike(it, false, send);
    await answer(undefined);
    expect(sent).toEqual([false]);
    expect(it.shown).toMatchObject({ liked: false, likes: 3 });
    expect(it.wantedLike).toBeNull();
  });

  it('is taken back when the server refuses, and says so', async () => {
    const [it, { send, answer }] = [story(), server()];
    void wishLike(it, true, send);
    await answer(new Failure('internal', 500));
    expect(it.shown).toMatchObject({ liked: false, likes: 4 });
    expect(shownToasts().at(-1)).toMatchObject({ tone: 'failure' });
  });

  it('sends only the last wish of a hurried finger', async () => {
    const [it, { sent, send, answer }] = [story(), server()];
    void wishLike(it, true, send);
    void wishLike(it, false, send);
    void wishLike(it, true, send);
    void wishLike(it, false, send);
    expect(it.shown).toMatchObject({ liked: false, likes: 4 });
    await answer({ likes: 5, comments: 0, liked: true, revision: 9 });
    expect(sent).toEqual([true, false]);
    await answer({ likes: 4, comments: 0, liked: false, revision: 9 });
    expect(it.shown).toMatchObject({ liked: false, likes: 4 });
    expect(it.wantedLike).toBeNull();
  });

  it('is not undone by a page that was on its way', async () => {
    const [it, { send, answer }] = [story(), server()];
    const old = { ...it.shown };
    void wishLike(it, true, send);
    it.update(old);
    expect(it.shown.liked).toBe(true);
    await answer({ likes: 5, comments: 0, liked: true, revision: 9 });
    it.update({ ...old, likes: 9, liked: true, revision: 10 });
    expect(it.shown.likes).toBe(9);
  });

  it('hides a story that is no longer there', async () => {
    const [it, { send, answer }] = [story(), server()];
    void wishLike(it, true, send);
    await answer(new Failure('not_found', 404));
    expect(it.gone).toBe(true);
  });
});
