// The lists of the client, each from its address of the API.
import { answer, api } from '$/api/client';
import { moment } from '$/api/moment';
import type { Person, Story } from '$/api/types';
import { whenAnswered } from '$/api/unanswered';
import { latest, live, type LiveStory } from '$/stories/live.svelte';

import { keptFor, PagedList, type NextPage } from './paged.svelte';

const PEOPLE_PAGE = 50;
const STORIES_PAGE = 20;
const USUAL_STORY = 150;
const USUAL_PERSON = 72;

interface ServerPage<Item> {
  items: Item[];
  before?: string | null;
  end: boolean;
  hidden?: number | null;
}

function older<Item>(call: (query: { limit: number; before?: string }) => Promise<ServerPage<Item>>, limit: number): NextPage<Item> {
  return async (before) => {
    const page = await call({ limit, ...(before ? { before } : {}) });
    return { items: page.items, next: page.before, end: page.end, hidden: page.hidden };
  };
}

function stories(call: (query: { limit: number; before?: string }) => Promise<ServerPage<Story>>): PagedList<LiveStory> {
  const next = older(call, STORIES_PAGE);
  return new PagedList<LiveStory>(
    async (cursor) => {
      const asked = moment();
      const page = await next(cursor);
      return { ...page, items: latest(page.items, asked).map(live) };
    },
    (story) => story.id,
    USUAL_STORY,
  );
}

function people(call: (query: { limit: number; before?: string }) => Promise<ServerPage<Person>>): PagedList<Person> {
  return new PagedList<Person>(older(call, PEOPLE_PAGE), (person) => person.id, USUAL_PERSON);
}

/** People whom a search finds. */
export const peopleFound = (words: string) =>
  people((query) => answer(api.GET('/v1/people', { params: { query: { q: words, ...query } } })));

/** Stories of a person. */
export const storiesOf = (entry: string, handle: string) =>
  keptFor(entry, `stories of ${handle}`, () =>
    stories((query) => answer(api.GET('/v1/people/{handle}/stories', { params: { path: { handle }, query } }))),
  );

/** Stories with a tag. */
export const storiesWith = (entry: string, tag: string) =>
  keptFor(entry, `stories with ${tag}`, () =>
    stories((query) => answer(api.GET('/v1/tags/{tag}/stories', { params: { path: { tag }, query } }))),
  );

/** Stories that one saved. */
export const savedStories = (entry: string) =>
  keptFor(entry, 'saved stories', () =>
    stories(async (query) => {
      const page = await answer(api.GET('/v1/saved', { params: { query } }));
      return { ...page, items: page.items.map((story) => ({ ...story, saved: true })) };
    }),
  );
/** Public stories of everybody. */
export const publicStories = (entry: string) =>
  keptFor(entry, 'public stories', () => stories((query) => answer(api.GET('/v1/public', { params: { query } }))));

/** Who likes a story: oneself, too, when one has just tapped. */
export const likersOf = (entry: string, story: string) =>
  keptFor(entry, `likers of ${story}`, () =>
    people(async (query) => {
      await whenAnswered(story);
      return answer(api.GET('/v1/stories/{story}/likes', { params: { path: { story }, query } }));
    }),
  );

/** Who likes a comment: oneself, too, when one has just tapped. */
export const likersOfComment = (entry: string, comment: string) =>
  keptFor(entry, `likers of comment ${comment}`, () =>
    people(async (query) => {
      await whenAnswered(comment);
      return answer(api.GET('/v1/comments/{comment}/likes', { params: { path: { comment }, query } }));
    }),
  );

/** Lists of people that belong to oneself. */
export type OwnList = 'friends' | 'requests' | 'sent' | 'following' | 'followers' | 'blocked' | 'muted';

const OWN: Record<OwnList, (query: { limit: number; before?: string }) => Promise<ServerPage<Person>>> = {
  friends: (query) => answer(api.GET('/v1/friends', { params: { query } })),
  requests: (query) => answer(api.GET('/v1/friend-requests', { params: { query: { side: 'incoming', ...query } } })),
  sent: (query) => answer(api.GET('/v1/friend-requests', { params: { query: { side: 'outgoing', ...query } } })),
  following: (query) => answer(api.GET('/v1/follows', { params: { query } })),
  followers: (query) => answer(api.GET('/v1/followers', { params: { query } })),
  blocked: (query) => answer(api.GET('/v1/blocks', { params: { query } })),
  muted: (query) => answer(api.GET('/v1/mutes', { params: { query } })),
};

/** One's own list of this kind. */
export const ownList = (entry: string, list: OwnList) => keptFor(entry, `own ${list}`, () => people(OWN[list]));
