// A story on the screen. Wherever it is shown (feed, profile, its own page) it is the same object, so that a like or an
// edit shows everywhere at once, in the other tabs of the browser, too.
import type { Person, Story, StoryState } from '$/api/types';
import { moment } from '$/api/moment';
import { hearTabs, tellTabs } from '$/session/acts';
import { whenForgetting } from '$/session/forgetting';

/** On the home feed, or wherever a story is shown. */
export type Where = 'home' | 'everywhere';

/** A story whose latest state is followed. */
export class LiveStory {
  readonly id: string;
  readonly at: Date;
  /** The latest state known, with what the person did and the server has not yet confirmed. */
  shown: Story;
  /** Deleted, or no longer for this reader. */
  gone = $state(false);
  /** Not on the home feed: its author is muted, or no longer followed. It is still there on their profile. */
  offHome = $state(false);
  /** Whether the person saved it; null while it is not known here. Lists of stories do not say so. */
  saved = $state<boolean | null>(null);
  /** Whether the person may comment on it. Only the story's own page needs it, and asks. */
  canComment = $state(true);
  /** The person wants to see all of a long text. */
  unfolded = $state(false);
  /** Liked or not, as the person wants it, while the server is being told. */
  wantedLike: boolean | null = null;
  #deleted = false;
  /** What came while the server was being told: it may be newer than its answer. */
  #suppressed: Story | null = null;
  /** When the newest answer about it was asked for, or the person last did something with it. */
  #knownAt = 0;

  constructor(story: Story) {
    this.id = story.id;
    this.at = new Date(story.created_at);
    this.shown = $state.raw(story);
    this.#learn(story);
  }

  /** Takes over a newer state from the server, except what the person has just done and the server may not yet know. */
  update(story: Story): void {
    const isTelling = this.wantedLike !== null;
    if (isTelling) this.#suppressed = story;
    this.shown = isTelling || isBefore(story, this.shown) ? { ...story, ...countsOf(this.shown) } : story;
    this.gone = this.#deleted;
    this.#learn(story);
  }

  /** What only some answers say. */
  #learn(story: Story): void {
    this.saved = story.saved ?? this.saved;
    this.canComment = story.can_comment ?? this.canComment;
  }

  /** What the server has of it, asked for or heard at that moment. Says whether it hid something. */
  take({ home, story }: StoryState, asked: number): boolean {
    if (asked < this.#knownAt) return false;
    this.#knownAt = asked;
    const [wasGone, wasOff] = [this.gone, this.offHome];
    if (story && (story.edited_at ?? '') >= (this.shown.edited_at ?? '')) this.update(story);
    else if (story) this.update({ ...this.shown, ...countsOf(story) });
    else this.gone = true;
    if (story) this.offHome = !home;
    return (this.gone && !wasGone) || (this.offHome && !wasOff);
  }

  /** It does not exist any more: answers that the server gave before do not bring it back. */
  delete(): void {
    this.#deleted = true;
    this.gone = true;
  }

  /** It is out of sight, everywhere or on the home feed, until a later answer has it. */
  hide(where: Where): void {
    this.#knownAt = moment();
    if (where === 'home') this.offHome = true;
    else this.gone = true;
  }

  /** Changes some of what is shown. */
  change(change: Partial<Story>): void {
    this.shown = { ...this.shown, ...change };
  }

  /** The server has confirmed what the person did: answers that were asked for before are older than this. */
  confirm(change: Partial<Story>): void {
    this.#knownAt = moment();
    const isOld = this.wantedLike !== null || (change.revision !== undefined && isBefore(change, this.shown));
    this.change(isOld ? { ...change, ...countsOf(this.shown) } : change);
    if (this.wantedLike !== null) return;
    const later = this.#suppressed;
    this.#suppressed = null;
    if (later && isBefore(this.shown, later)) this.change(countsOf(later));
  }

  /** The answer to what was asked then, or what is shown when that is newer; null when the story has left since. */
  latest(story: Story, asked: number, where: Where): Story | null {
    if (asked >= this.#knownAt) {
      this.#knownAt = asked;
      return story;
    }
    // What only this answer says is news all the same.
    this.#learn({ ...story, saved: this.saved ?? story.saved });
    return this.gone || (where === 'home' && this.offHome) ? null : this.shown;
  }
}

/** Whether these counts are from before the others. */
function isBefore(counts: Partial<Story>, others: Partial<Story>): boolean {
  return (counts.revision ?? 0) < (others.revision ?? 0);
}

function countsOf({ likes, comments, liked, revision }: Story): Pick<Story, 'likes' | 'comments' | 'liked' | 'revision'> {
  return { likes, comments, liked, revision };
}

const known = new Map<string, LiveStory>();
whenForgetting(() => known.clear());

/** The one object of this story, brought up to date. */
export function live(story: Story): LiveStory {
  const found = known.get(story.id);
  if (found) {
    found.update(story);
    return found;
  }
  const made = new LiveStory(story);
  known.set(story.id, made);
  return made;
}

/** The story, if it has been on the screen before. */
export function knownStory(id: string): LiveStory | undefined {
  return known.get(id);
}

/**
 * The latest state of stories that the server has just sent, to a question of that moment: the person may have changed
 * them since, or have sent them out of sight.
 */
export function latest(stories: readonly Story[], asked: number, where: Where = 'everywhere'): Story[] {
  return stories.flatMap((story) => {
    const found = known.get(story.id);
    return (found ? found.latest(story, asked, where) : story) ?? [];
  });
}

/** What the server has of stories, asked for or heard at that moment. Stories that were never shown are left out. */
export function storyStates(states: readonly StoryState[], asked = moment()): void {
  const hid = new Set<string>();
  for (const state of states) {
    const story = known.get(state.id);
    if (story?.take(state, asked)) hid.add(story.shown.author.id);
  }
  for (const author of hid) for (const then of watchers) then(author);
}

const watchers = new Set<(author: string) => void>();

/** Calls `then` when the server hid a story by this author: what they are to us may have changed. Returns how to stop. */
export function whenHidden(then: (author: string) => void): () => void {
  watchers.add(then);
  return () => watchers.delete(then);
}

/** What the person's act left of a story, once the server has confirmed it. */
export function storyChanged(story: LiveStory, change: Partial<Story>): void {
  story.confirm(change);
  tellTabs('changed', { id: story.id, change });
}

/** The person saved the story, or no longer. */
export function storySaved(story: LiveStory, saved: boolean): void {
  story.saved = saved;
  tellTabs('saved', { id: story.id, saved });
}

/** The story does not exist any more. */
export function storyDeleted(story: LiveStory): void {
  story.delete();
  tellTabs('deleted', { id: story.id });
}

/** The server does not have this story for this reader. */
export function storyUnavailable(id: string): void {
  known.get(id)?.hide('everywhere');
  tellTabs('unavailable', { id });
}

/** The newest name and face of a person, on all their stories. */
export function authorIs(person: Person): void {
  const { id, display_name, handle, language, avatar = null } = person;
  for (const story of known.values()) {
    const author = story.shown.author;
    if (author.id !== id) continue;
    const isNews = author.display_name !== display_name || author.language !== language || author.avatar?.large !== avatar?.large;
    if (isNews) story.change({ author: { ...author, display_name, handle, language, avatar } });
  }
}

/** Takes a muted person's stories off the home feed. Their profile still shows them. */
export function takeOffHome(person: string): void {
  hide(person, 'home');
  tellTabs('hid', { person, which: 'home' });
}

/** Everything known of a person's stories is out of sight from now on: blocked or no longer a friend. */
export function hideStoriesOf(person: string, which: 'all' | 'friends' = 'all'): void {
  hide(person, which);
  tellTabs('hid', { person, which });
}

function hide(person: string, which: 'all' | 'friends' | 'home'): void {
  for (const story of known.values()) {
    if (story.shown.author.id !== person) continue;
    if (which === 'home') story.hide('home');
    else if (which === 'all' || story.shown.audience === 'friends') story.hide('everywhere');
  }
}

hearTabs('changed', ({ id, change }) => known.get(id)?.confirm(change));
hearTabs('saved', ({ id, saved }) => {
  const story = known.get(id);
  if (story) story.saved = saved;
});
hearTabs('deleted', ({ id }) => known.get(id)?.delete());
hearTabs('unavailable', ({ id }) => known.get(id)?.hide('everywhere'));
hearTabs('hid', ({ person, which }) => hide(person, which));
