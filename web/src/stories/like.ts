// Liking: shown at once, told to the server afterwards, taken back honestly when it refuses.
//
// Taps that come faster than answers do not queue up: the last wish is sent when the answer to the one before is there.
import { answer, api } from '$/api/client';
import { messageOf } from '$/api/failure';
import type { Reaction } from '$/api/types';
import { Failure } from '$/api/failure';
import { tell } from '$/parts/toasts.svelte';

import { storyChanged, storyUnavailable, type LiveStory } from './live.svelte';

/** Tells the server; tests bring their own. */
export type SendLike = (story: string, liked: boolean) => Promise<Reaction | undefined>;

const send: SendLike = (story, liked) => {
  const path = { params: { path: { story } } };
  return liked ? answer(api.PUT('/v1/stories/{story}/like', path)) : answer(api.DELETE('/v1/stories/{story}/like', path));
};

/** The person wants to like the story, or no longer. */
export async function wishLike(story: LiveStory, liked: boolean, sendLike: SendLike = send): Promise<void> {
  const sending = story.wantedLike !== null;
  story.wantedLike = liked;
  show(story, liked);
  if (sending) return;
  let confirmed = !liked;
  let reaction: Reaction | undefined;
  try {
    while (story.wantedLike !== confirmed) {
      const wanted: boolean = story.wantedLike;
      reaction = await sendLike(story.id, wanted);
      confirmed = wanted;
    }
    story.wantedLike = null;
    storyChanged(story, reaction ? { likes: reaction.likes, comments: reaction.comments, liked: reaction.liked } : { liked: confirmed, likes: story.shown.likes });
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
