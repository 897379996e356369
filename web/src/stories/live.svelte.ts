// A story on the screen. Wherever it is shown (feed, profile, its own page) it is the same object, so that a like or an
// edit shows everywhere at once.
import type { Story } from '$/api/types';

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
  /** The person wants to see all of a long text. */
  unfolded = $state(false);
  /** Liked or not, as the person wants it, while the server is being told. */
  wantedLike: boolean | null = null;
  #deleted = false;

  constructor(story: Story) {
    this.id = story.id;
    this.at = new Date(story.created_at);
    this.shown = $state.raw(story);
  }

  /** Takes over a newer state from the server, except what the person has just done and the server may not yet know. */
  update(story: Story): void {
    const { liked, likes } = this.shown;
    this.shown = this.wantedLike === null ? story : { ...story, liked, likes };
    this.gone = this.#deleted;
  }

  /** The person has deleted it: answers that the server gave before do not bring it back. */
  delete(): void {
    this.#deleted = true;
    this.gone = true;
  }

  /** Changes some of what is shown. */
  change(change: Partial<Story>): void {
    this.shown = { ...this.shown, ...change };
  }
}

const known = new Map<string, LiveStory>();

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

/** Takes a muted person's stories off the home feed. Their profile still shows them. */
export function takeOffHome(person: string): void {
  for (const story of known.values()) if (story.shown.author.id === person) story.offHome = true;
}

/** Everything known of a person's stories is out of sight from now on: blocked or no longer a friend. */
export function hideStoriesOf(person: string, which: 'all' | 'friends' = 'all'): void {
  for (const story of known.values()) {
    if (story.shown.author.id === person && (which === 'all' || story.shown.audience === 'friends')) story.gone = true;
  }
}
