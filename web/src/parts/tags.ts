// The tags that some stories have in common.
import type { Story } from '$/api/types';

/** A tag and how many of the stories have it. */
export interface Counted {
  tag: string;
  stories: number;
}

/** More would push everything else off a usual screen. */
const TAGS_MAX = 6;

/** The tags of these stories, the most frequent first; of equals, the one used last. */
export function tagsIn(stories: readonly Pick<Story, 'tags'>[]): Counted[] {
  const counts = new Map<string, number>();
  for (const { tags } of stories) for (const tag of new Set(tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts]
    .map(([tag, stories]) => ({ tag, stories }))
    .sort((a, b) => b.stories - a.stories)
    .slice(0, TAGS_MAX);
}
