// What the server takes at most. It decides; these only let a form say so before it is sent.
import { written } from '$/text/allowed';

/** Characters of a story. */
export const STORY_CHARACTERS_MAX = 5_000;
/** Characters of a comment. */
export const COMMENT_CHARACTERS_MAX = 1_000;
/** The count is shown when fewer than so many are left: before, it would only be in the way. */
export const COUNT_FROM = 300;

/** Characters as the server counts them: code points of the text as it is stored. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of written(text)) count += 1;
  return count;
}
