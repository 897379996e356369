// Asking for one story by its id.
import { answer, api } from '$/api/client';
import { Failure } from '$/api/failure';
import { moment } from '$/api/moment';
import type { StoryState } from '$/api/types';

import { latest, live, storyStates, storyUnavailable, type LiveStory } from './live.svelte';

/** The story as the server has it now. When it has none for this reader, the story leaves every place that shows it. */
export async function askStory(id: string): Promise<LiveStory> {
  const asked = moment();
  try {
    const found = await answer(api.GET('/v1/stories/{story}', { params: { path: { story: id } } }));
    const [story] = latest([found], asked);
    if (!story) throw new Failure('not_found', 404);
    return live(story);
  } catch (error) {
    if (Failure.from(error).status === 404) storyUnavailable(id);
    throw error;
  }
}

/** More is not asked for at once: it is what the API has at most. */
export const STATES_MAX = 50;

/** What the server has of these stories now, at most `STATES_MAX`, in their order. */
export async function fetchStates(ids: readonly string[]): Promise<StoryState[]> {
  if (ids.length === 0) return [];
  const query = { ids: ids.slice(0, STATES_MAX).join(',') };
  return (await answer(api.GET('/v1/stories', { params: { query } }))).items;
}

/** Brings stories that are shown up to date. */
export async function renewStories(ids: readonly string[]): Promise<void> {
  const asked = moment();
  storyStates(await fetchStates(ids), asked);
}

/** Makes these stories known, as far as they are there for this reader. */
export async function learnStories(ids: readonly string[]): Promise<void> {
  const asked = moment();
  const found = (await fetchStates(ids)).flatMap(({ story }) => story ?? []);
  latest(found, asked).forEach(live);
}
