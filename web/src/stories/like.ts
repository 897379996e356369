// Liking: shown at once, told to the server afterwards, taken back honestly when it refuses.
//
// Taps that come faster than answers do not queue up: the last wish is sent when the answer to the one before is there.
import { answer, api } from '$/api/client';
import { Failure, messageOf } from '$/api/failure';
import type { Reaction } from '$/api/types';
import { untilAnswered } from '$/api/unanswered';
import { tell } from '$/parts/toasts.svelte';

import { fetchStates } from './ask';
import { storyChanged, storyUnavailable, type LiveStory } from './live.svelte';

/** Tells the server; tests bring their own. */
export type SendLike = (story: string, liked: boolean) => Promise<Reaction | undefined>;

const send: SendLike = async (story, liked) => {
  const path = { params: { path: { story } } };
  if (liked) return answer(api.PUT('/v1/stories/{story}/like', path));
  await answer(api.DELETE('/v1/stories/{story}/like', path));
  // The answer has no counts, and what others did meanwhile was not shown.
  const [state] = await fetchStates([story]).catch(() => []);
  return state?.story ?? undefined;
};

/** The person wants to like the story, or no longer. */
export async function wishLike(story: LiveStory, liked: boolean, sendLike: SendLike = send): Promise<void> {
  const sending = story.wantedLike !== null;
  story.wantedLike = liked;
  show(story, liked);
  if (!sending) await untilAnswered(story.id, tellServer(story, !liked, sendLike));
}

/** Sends what is wanted until the server has confirmed the last of it. `confirmed` is what the server knows. */
async function tellServer(story: LiveStory, confirmed: boolean, sendLike: SendLike): Promise<void> {
  let reaction: Reaction | undefined;
  try {
    while (story.wantedLike !== null && story.wantedLike !== confirmed) {
      const wanted: boolean = story.wantedLike;
      reaction = await sendLike(story.id, wanted);
      confirmed = wanted;
    }
    story.wantedLike = null;
    storyChanged(story, reaction ? { likes: reaction.likes, comments: reaction.comments, liked: reaction.liked, revision: reaction.revision } : { liked: confirmed, likes: story.shown.likes });
  } catch (failure) {
    story.wantedLike = null;
    show(story, confirmed);
    if (failure instanceof Failure && failure.status === 404) storyUnavailable(story.id);
    tell(messageOf(failure), 'failure');
  }
}

function show(story: LiveStory, liked: boolean): void {
  const { liked: was, likes } = story.shown;
  if (was !== liked) story.change({ liked, likes: Math.max(0, likes + (liked ? 1 : -1)) });
}
