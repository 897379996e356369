import { beforeEach, describe, expect, it } from 'vitest';

import { moment } from '$/api/moment';
import type { Person, Story } from '$/api/types';
import { isShown } from '$/feed/home.svelte';
import { joinActs } from '$/session/acts';

import { authorIs, hideStoriesOf, latest, live, storyChanged, storyDeleted, storyStates, storyUnavailable, takeOffHome, whenHidden, type LiveStory } from './live.svelte';

const author = { id: '1', handle: 'bo', display_name: 'Bo', bio: '', language: 'en' };
let next = 1;

function sent(id = `${(next += 1)}`, more: Partial<Story> = {}): Story {
  return { id, author, text: 'first', audience: 'public', attachments: [], entities: [], created_at: '2026-01-01T00:00:00.000Z', mentions: [], tags: [], likes: 4, comments: 0, revision: 0, liked: false, ...more } as Story;
}

/** The server answers, to a question of that moment, with what it had then. */
const answered = (story: Story, asked: number, where?: 'home') => latest([story], asked, where).map(live);

describe('an answer that was asked for before the person did something', () => {
  let story: LiveStory;
  let before: Story;
  let asked: number;

  beforeEach(() => {
    before = sent();
    story = live(before);
    asked = moment();
  });

  it('does not take counts back', () => {
    storyChanged(story, { likes: 5, liked: true });
    answered(before, asked);
    expect(story.shown).toMatchObject({ likes: 5, liked: true });
    answered({ ...before, likes: 3 }, moment());
    expect(story.shown).toMatchObject({ likes: 3, liked: false });
  });

  it('does not bring back the text from before an edit', () => {
    storyChanged(story, { text: 'second' });
    answered(before, asked);
    expect(story.shown.text).toBe('second');
  });

  it('does not bring back the stories of somebody whom they blocked since', () => {
    hideStoriesOf('1');
    expect(answered(before, asked)).toEqual([]);
    expect(story.gone).toBe(true);
    answered(before, moment());
    expect(story.gone).toBe(false);
  });

  it('does not bring the stories of somebody whom they muted since home, and has them elsewhere', () => {
    takeOffHome('1');
    expect(answered(before, asked, 'home')).toEqual([]);
    expect(answered(before, asked)).toEqual([story]);
  });

  it('never brings back what they deleted', () => {
    storyDeleted(story);
    answered(before, asked);
    answered(before, moment());
    expect(story.gone).toBe(true);
  });

  it('says all the same what only it says', () => {
    answered(before, moment());
    answered({ ...before, can_comment: false, saved: true }, asked);
    expect([story.canComment, story.saved]).toEqual([false, true]);
    answered({ ...before, saved: false }, asked);
    expect(story.saved).toBe(true);
  });

  it('is older than an answer to a later question', () => {
    const later = moment();
    answered({ ...before, likes: 6 }, later);
    answered({ ...before, likes: 5 }, asked);
    expect(story.shown.likes).toBe(6);
  });
});

describe('in the other tabs of the browser', () => {
  let other: BroadcastChannel;
  let told: { act: string; what: unknown }[];
  let story: LiveStory;

  beforeEach(() => {
    joinActs('9');
    told = [];
    other = new BroadcastChannel('sosik-acts-9');
    other.onmessage = ({ data }) => told.push(data);
    story = live(sent());
    return () => other.close();
  });

  const does = (act: string, what: unknown) => other.postMessage({ act, what });

  it('what the person did with a story is told', async () => {
    storyChanged(story, { likes: 5 });
    storyDeleted(story);
    storyUnavailable(story.id);
    takeOffHome('1');
    hideStoriesOf('1', 'friends');
    const id = story.id;
    await expect.poll(() => told).toEqual([
      { act: 'changed', what: { id, change: { likes: 5 } } },
      { act: 'deleted', what: { id } },
      { act: 'unavailable', what: { id } },
      { act: 'hid', what: { person: '1', which: 'home' } },
      { act: 'hid', what: { person: '1', which: 'friends' } },
    ]);
  });

  it('an edit and a like are shown, except for what the person wants here and now', async () => {
    story.wantedLike = true;
    story.change({ liked: true, likes: 5 });
    does('changed', { id: story.id, change: { text: 'second', liked: false, likes: 4 } });
    await expect.poll(() => story.shown.text).toBe('second');
    expect(story.shown).toMatchObject({ liked: true, likes: 5 });
  });

  it('a deletion and a block are shown', async () => {
    does('deleted', { id: story.id });
    await expect.poll(() => story.gone).toBe(true);
    const another = live(sent());
    does('hid', { person: '1', which: 'all' });
    await expect.poll(() => another.gone).toBe(true);
  });

  it('a mute is shown', async () => {
    does('hid', { person: '1', which: 'home' });
    await expect.poll(() => isShown(story)).toBe(false);
    expect(story.gone).toBe(false);
  });

  it('of another person nothing is heard', async () => {
    const elsewhere = new BroadcastChannel('sosik-acts-8');
    elsewhere.postMessage({ act: 'deleted', what: { id: story.id } });
    does('changed', { id: story.id, change: { likes: 7 } });
    await expect.poll(() => story.shown.likes).toBe(7);
    expect(story.gone).toBe(false);
    elsewhere.close();
  });
});

it('a person\'s new name stands on all their stories', () => {
  const [one, others] = [live(sent()), live(sent(undefined, { author: { ...author, id: '2' } as Person }))];
  authorIs({ ...author, display_name: 'Bo Reed' } as Person);
  expect(one.shown.author.display_name).toBe('Bo Reed');
  expect(others.shown.author.display_name).toBe('Bo');
});

it('the author of several stories that one answer hid is named once', () => {
  const hid: string[] = [];
  const stop = whenHidden((id) => void hid.push(id));
  const stories = [live(sent()), live(sent()), live(sent(undefined, { author: { ...author, id: '2' } as Person }))];
  storyStates(stories.map(({ id }) => ({ id, home: false, story: null })));
  expect(hid).toEqual(['1', '2']);
  stop();
});
