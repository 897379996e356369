// Asking for one story by its id.
import { answer, api } from '$/api/client';
import { Failure } from '$/api/failure';
import { moment } from '$/api/moment';

import { latest, live, storyUnavailable, type LiveStory } from './live.svelte';

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
