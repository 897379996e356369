// One sitting of one person: their home feed, how far they have read, the live stream that keeps both fresh, and what
// happens when they look away, come back, lose the network or find it again.
import { answer, api } from '$/api/client';
import { moment } from '$/api/moment';
import type { FeedPage, Person, Story } from '$/api/types';
import { dropIdle, whenIdle } from '$/parts/idle';
import { freshMemory } from '$/lists/memory';
import { whenBack } from '$/parts/network.svelte';
import { commentsChanged } from '$/comments/watch';
import { hear as hearNotifications } from '$/notifications/unread.svelte';
import { joinActs } from '$/session/acts';
import { renewStories } from '$/stories/ask';
import { knownStory, latest, storyStates } from '$/stories/live.svelte';
import { storiesOnScreen, whenOnScreen } from '$/stories/on-screen';
import { startOutbox } from '$/stories/outbox.svelte';

import { HomeFeed, isShown, type Ask } from './home.svelte';
import { isNewer } from './order';
import { ReadPosition } from './read-position.svelte';
import { keepSnapshot, keepWhereLeft, SNAPSHOT_STORIES_MAX, takeSnapshot, whereLeft, type Anchor } from './snapshot';
import { LiveStream } from './stream';

/** Whoever comes back within this finds the feed where they left it; later, they start at the top. */
const SAME_SITTING = 30 * 60_000;
/** The feed as it was is shown when the server has not answered by then. */
const PATIENCE = 1_500;
/** The live stream rests when nobody has looked for so long. */
const REST_AFTER = 60_000;
/** So many stories one tab has followed: several screens, and room for other tabs. */
const FOLLOWED_MAX = 40;
/** Of the home feed, so many above the eye are among them. */
const ABOVE_THE_EYE = 10;
/** What comes on the screen together is followed together. */
const FOLLOW_AFTER = 300;
/** Height of a usual story, in pixels, until real ones are measured. */
const USUAL_STORY = 150;

/** Asks the server for a page of the feed. */
async function fetchPage(ask: Ask): Promise<FeedPage> {
  const asked = moment();
  const page = await answer(api.GET('/v1/feed', { params: { query: { ...ask } } }));
  return { ...page, items: latest(page.items, asked, 'home') };
}

/** What belongs to one person's sitting. */
export class Sitting {
  readonly person: string;
  readonly home = new HomeFeed(fetchPage);
  readonly position = new ReadPosition();
  readonly memory = freshMemory(USUAL_STORY);
  readonly #stream: LiveStream;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #followSoon: ReturnType<typeof setTimeout> | undefined;
  /** The stories of this tab that the stream is asked to follow where there is room. */
  #near: ReadonlySet<string> = new Set();
  /** Settled when the first feed is there. */
  readonly #begun: Promise<void>;
  #hasBegun: () => void = () => undefined;
  /** Since when nobody has looked, or the network has been gone. */
  #awaySince: number | null = null;

  constructor(me: Person) {
    this.person = me.id;
    joinActs(me.id);
    this.#begun = new Promise((done) => (this.#hasBegun = done));
    this.home.eye = () => this.memory.anchor?.key;
    this.home.moveEye = (key) => {
      if (this.memory.anchor) this.memory.anchor = { ...this.memory.anchor, key };
    };
    this.#stream = new LiveStream(
      me.id,
      {
        opened: (position, watched) => {
          void this.#catchUpTo(position).catch(() => undefined);
          // What happened to them before the stream was open, it does not bring.
          void renewStories(watched.filter(knownStory)).catch(() => undefined);
          watched.forEach(commentsChanged);
        },
        changed: (state) => storyStates([state]),
        commented: (story) => commentsChanged(story),
        story: (json, after) => this.home.arrived(json as Story, after),
        notifications: (unread) => hearNotifications(unread),
        reset: () => void this.home.lookAgain().catch(() => undefined),
        bye: () => void this.#askWhy(),
      },
      null,
    );
  }

  /** Shows the feed: where it was left when that is not long ago, else from the top. */
  async begin(): Promise<void> {
    const place = placeLeft(this.person);
    // Before the feed is there: the list looks for its anchor when it is first drawn.
    this.memory.anchor = place;
    this.#watch();
    // Before the server has answered: what one wrote and the server does not have is shown at once.
    void startOutbox(this.person, (story) => this.home.add(story));
    this.position.load().catch(() => undefined);
    if (place && (await this.#asKept(place))) void this.home.lookAgain().catch(() => undefined);
    else await this.#fromTheServer(place);
    this.#keepChanges();
    this.#hasBegun();
    this.#follow();
    whenOnScreen(() => (this.#followSoon ??= setTimeout(() => this.#follow(), FOLLOW_AFTER)));
    if (!this.#isResting()) this.#stream.open(this.home.after);
  }

  /** The stream brings what happens to the stories on the screen, and to those of the feed around the eye. */
  #follow(): void {
    this.#followSoon = undefined;
    const shown = storiesOnScreen();
    if (this.#near.size === 0 || shown.some((id) => !this.#near.has(id))) {
      this.#near = new Set([...shown, ...this.#aroundTheEye()].slice(0, FOLLOWED_MAX));
    }
    // What nobody sees leaves the room to what other tabs show.
    this.#stream.watch(document.hidden ? [] : shown, [...this.#near]);
  }

  #aroundTheEye(): string[] {
    const stories = this.home.stories.filter(isShown);
    const eye = this.memory.anchor?.key;
    const at = eye ? stories.findIndex((story) => !isNewer(story.id, eye)) : 0;
    return stories.slice(Math.max(at - ABOVE_THE_EYE, 0)).map((story) => story.id);
  }

  /** Keeps where one was, and tells the server how far one has read. */
  leave(): void {
    this.position.flush();
    keepWhereLeft({ person: this.person, anchor: this.memory.anchor, at: Date.now() });
  }

  /** Shows the feed as this device keeps it, unless it was kept before the story of the place was there. */
  async #asKept(place: Anchor | null): Promise<boolean> {
    const kept = await takeSnapshot(this.person);
    if (!kept) return false;
    const newest = kept.stories[0];
    if (place && (!newest || isNewer(place.key, newest.id))) return false;
    await this.home.adopt(kept);
    return true;
  }

  /**
   * The first page, down to the place; and the feed as this device keeps it when that does not come soon. With a place to
   * come back to only when it does not come at all: what is kept does not have the place.
   */
  async #fromTheServer(place: Anchor | null): Promise<void> {
    const first = this.home.start().then(
      () => true,
      () => false,
    );
    if (!(await (place ? first : Promise.race([first, after(PATIENCE)])))) await this.#asKept(null);
    await first;
  }

  /**
   * The stream begins where the tab that opened it was. When that is not where this tab is, the stream does not bring what
   * is between.
   */
  async #catchUpTo(position: string): Promise<void> {
    await this.#begun;
    if (position !== this.home.after) await this.home.checkNewer();
  }

  /**
   * The stream was refused. The answer to another request shows why: a session that ended or became another person's. Or
   * it brings a cursor that the server knows.
   */
  async #askWhy(): Promise<void> {
    await this.home.checkNewer().catch(() => undefined);
    this.#stream.resumeFrom(this.home.after);
  }

  /** Keeps the feed when there is time after it has changed: when the page goes away it is too late. */
  #keepChanges(): void {
    let kept = '';
    $effect.root(() => {
      $effect(() => {
        // A story that leaves the feed or is edited changes what is kept, too.
        for (const story of this.home.stories.slice(0, SNAPSHOT_STORIES_MAX)) void (isShown(story) && story.shown);
        if (this.home.phase !== 'ready' || this.home.savedAt !== null) return;
        const waits = whenIdle(() => {
          const snapshot = this.home.snapshot(Date.now());
          // Further down nothing is kept: scrolling there must not write the same again and again.
          const edits = snapshot?.stories.map((story) => story.edited_at ?? '').join('');
          const ends = `${snapshot?.stories[0]?.id} ${snapshot?.stories.at(-1)?.id} ${snapshot?.stories.length} ${edits}`;
          if (!snapshot || ends === kept) return;
          kept = ends;
          void keepSnapshot(this.person, snapshot);
        });
        return () => dropIdle(waits);
      });
    });
  }

  #watch(): void {
    addEventListener('offline', () => (this.#awaySince ??= Date.now()));
    whenBack(() => {
      if (!document.hidden) void this.#comeBack();
    });
    addEventListener('pagehide', () => {
      this.leave();
      this.#stream.watch([]);
    });
    document.addEventListener('visibilitychange', () => {
      this.#follow();
      if (document.hidden) {
        this.#awaySince ??= Date.now();
        this.leave();
        if (this.#isResting()) this.#stream.close();
        else this.#rest = setTimeout(() => this.#stream.close(), REST_AFTER);
      } else {
        clearTimeout(this.#rest);
        void this.#comeBack();
      }
    });
  }

  /** A hidden tab with a stream of its own would take a connection from the tabs that are seen. */
  #isResting(): boolean {
    return document.hidden && !this.#stream.isShared;
  }

  async #comeBack(): Promise<void> {
    const away = Date.now() - (this.#awaySince ?? Date.now());
    this.#awaySince = null;
    if (away > SAME_SITTING) this.position.moveLine();
    const isOld = away > REST_AFTER || this.home.savedAt !== null;
    const looking = isOld && this.home.phase === 'ready' ? this.home.lookAgain() : this.home.checkNewer();
    await looking.catch(() => undefined);
    this.#stream.open(this.home.after);
    this.position.load().catch(() => undefined);
  }
}

/** Where this person left the feed, when that is not long ago. */
function placeLeft(person: string): Anchor | null {
  const left = whereLeft(person);
  return left && Date.now() - left.at < SAME_SITTING ? left.anchor : null;
}

function after(milliseconds: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), milliseconds));
}

class Current {
  sitting = $state.raw<Sitting | null>(null);
}

const current = new Current();

/** The sitting of the person who is logged in. */
export function sitting(): Sitting | null {
  return current.sitting;
}

/** Begins a sitting, once a document. */
export function sit(me: Person): Sitting {
  if (current.sitting?.person === me.id) return current.sitting;
  const sitting = new Sitting(me);
  current.sitting = sitting;
  void sitting.begin();
  return sitting;
}
