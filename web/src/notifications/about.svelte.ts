// What notifications are about, as far as it takes one request each and not one for every row: the stories concerned, and the
// friend requests that wait for an answer.
import { answer, api } from '$/api/client';
import type { Notification } from '$/api/types';
import { isNewer } from '$/feed/order';
import { learnStories, STATES_MAX } from '$/stories/ask';
import { knownStory } from '$/stories/live.svelte';

/** More requests are not asked for: it is what a page of the API has at most. */
const ITEMS_MAX = 100;

/** What is known about the notifications on the page. */
export class About {
  /** Counts answers: stories known by then may be new. */
  #answers = $state(0);
  #asking = $state.raw<ReadonlySet<string>>(new Set());
  /** The stories that were asked for. Those that are not there are not asked for again. */
  readonly #asked = new Set<string>();
  /** The newest notification when the requests were asked for. */
  #requestsUpTo = '0';

  /** The beginning of the comment or story that a notification is about; undefined when it is not known, or gone. */
  excerpt(notification: Notification): string | undefined {
    if (notification.excerpt) return notification.excerpt;
    void this.#answers;
    const story = notification.story ? knownStory(notification.story) : undefined;
    return story && !story.gone ? story.shown.text.replace(/\s+/g, ' ').trim() : undefined;
  }

  /** Whether this is a friend request that has not been answered. */
  isOpen(notification: Notification): boolean {
    return notification.kind === 'friend_request' && this.#asking.has(notification.actor.id);
  }

  /** Asks for what these notifications need: once, and again when others came. What fails is left out. */
  async learn(notifications: readonly Notification[]): Promise<void> {
    const stories = new Set(notifications.flatMap(({ story, excerpt }) => (story && !excerpt && !knownStory(story) && !this.#asked.has(story) ? story : [])));
    const needsRequests = notifications.some(({ id, kind }) => kind === 'friend_request' && isNewer(id, this.#requestsUpTo));
    if (needsRequests) this.#requestsUpTo = notifications[0]?.id ?? '0';
    await Promise.allSettled([this.#learnStories([...stories]), needsRequests ? this.#learnRequests() : null]);
  }

  async #learnStories(ids: string[]): Promise<void> {
    ids.forEach((id) => this.#asked.add(id));
    for (let at = 0; at < ids.length; at += STATES_MAX) {
      await learnStories(ids.slice(at, at + STATES_MAX));
      this.#answers += 1;
    }
  }

  async #learnRequests(): Promise<void> {
    const query = { side: 'incoming' as const, limit: ITEMS_MAX };
    const { items } = await answer(api.GET('/v1/friend-requests', { params: { query } }));
    this.#asking = new Set(items.map((person) => person.id));
  }
}
