// What notifications are about, as far as it takes one request each and not one for every row: the stories of one's own, and
// the friend requests that wait for an answer.
import { answer, api } from '$/api/client';
import { moment } from '$/api/moment';
import type { Notification } from '$/api/types';
import { isNewer } from '$/feed/order';
import { knownStory, latest, live } from '$/stories/live.svelte';

/** More of either is not asked for: it is what a page of the API has at most. */
const ITEMS_MAX = 100;

/** What is known about the notifications on the page. */
export class About {
  /** Counts answers: stories known by then may be new. */
  #answers = $state(0);
  #asking = $state.raw<ReadonlySet<string>>(new Set());
  /** The newest notification when they were asked for. */
  #askedUpTo = { stories: '0', requests: '0' };

  /** The beginning of the story that a notification is about; undefined when it is not known, or gone. */
  excerpt(notification: Notification): string | undefined {
    void this.#answers;
    const story = notification.story ? knownStory(notification.story) : undefined;
    return story && !story.gone ? story.shown.text.replace(/\s+/g, ' ').trim() : undefined;
  }

  /** Whether this is a friend request that has not been answered. */
  isOpen(notification: Notification): boolean {
    return notification.kind === 'friend_request' && this.#asking.has(notification.actor.id);
  }

  /** Asks for what these notifications need: once, and again when newer ones came. What fails is left out. */
  async learn(notifications: readonly Notification[], handle: string): Promise<void> {
    const { stories, requests } = this.#askedUpTo;
    const needsStories = notifications.some(({ id, story }) => story && !knownStory(story) && isNewer(id, stories));
    const needsRequests = notifications.some(({ id, kind }) => kind === 'friend_request' && isNewer(id, requests));
    const newest = notifications[0]?.id ?? '0';
    if (needsStories) this.#askedUpTo.stories = newest;
    if (needsRequests) this.#askedUpTo.requests = newest;
    await Promise.allSettled([needsStories ? this.#learnStories(handle) : null, needsRequests ? this.#learnRequests() : null]);
  }

  async #learnStories(handle: string): Promise<void> {
    const query = { limit: ITEMS_MAX };
    const asked = moment();
    const { items } = await answer(api.GET('/v1/people/{handle}/stories', { params: { path: { handle }, query } }));
    latest(items, asked).forEach(live);
    this.#answers += 1;
  }

  async #learnRequests(): Promise<void> {
    const query = { side: 'incoming' as const, limit: ITEMS_MAX };
    const { items } = await answer(api.GET('/v1/friend-requests', { params: { query } }));
    this.#asking = new Set(items.map((person) => person.id));
  }
}
