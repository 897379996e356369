// The tags that some stories have in common.
import type { Story } from '$/api/types';
import { keysOf } from '$/text/keys';

/** A tag and how many of the stories have it. */
export interface Counted {
  tag: string;
  stories: number;
}

/** Older stories do not say what people write about now. */
export const TAGGED_MAX = 200;

/** More would push everything else off a usual screen. */
const TAGS_MAX = 6;

/** The most frequent tags of these stories; of equals, the one used last. */
export function tagsIn(stories: readonly Pick<Story, 'tags'>[]): Counted[] {
  return counted(stories).slice(0, TAGS_MAX);
}

/** As many as people to mention. */
const COMPLETIONS_MAX = 5;

/** The tags of these stories that begin with a word that is being typed, the most frequent first. */
export function tagsThatBegin(word: string, stories: readonly Pick<Story, 'tags'>[]): string[] {
  const typed = keysOf(word);
  const whole = word.normalize('NFKC').toLowerCase();
  return counted(stories)
    .map(({ tag }) => tag)
    .filter((tag) => tag !== whole && keysOf(tag).startsWith(typed))
    .slice(0, COMPLETIONS_MAX);
}

function counted(stories: readonly Pick<Story, 'tags'>[]): Counted[] {
  const counts = new Map<string, number>();
  for (const { tags } of stories) for (const tag of new Set(tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts]
    .map(([tag, stories]) => ({ tag, stories }))
    .sort((a, b) => b.stories - a.stories);
}
