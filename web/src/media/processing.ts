// Media that the server still processes. The live stream brings the change; where it does not reach, the story is asked for.
import { renewStories } from '$/stories/ask';

/** First wait before the story is asked for, in milliseconds. It doubles up to the maximum. */
const WAIT_FIRST = 2_000;
const WAIT_MAX = 30_000;

/** Asks for the story again and again. Returns how to stop. */
export function followProcessing(story: string, renew: (ids: string[]) => Promise<void> = renewStories): () => void {
  let wait = WAIT_FIRST;
  let timer = setTimeout(look, wait);
  function look() {
    if (!document.hidden) void renew([story]).catch(() => undefined);
    wait = Math.min(wait * 2, WAIT_MAX);
    timer = setTimeout(look, wait);
  }
  return () => clearTimeout(timer);
}
