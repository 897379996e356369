import { render, screen } from '@testing-library/svelte';
import { createRawSnippet, tick } from 'svelte';
import { expect, it } from 'vitest';

import { storyOf } from '$/feed/test-server';
import { PagedList } from '$/lists/paged.svelte';
import { standingOf } from '$/people/relations.svelte';
import { joinActs } from '$/session/acts';

import { live, type LiveStory } from './live.svelte';
import StoryList from './StoryList.svelte';

const empty = createRawSnippet(() => ({ render: () => '<p>none</p>' }));

it.each([true, false])('stories of somebody who was muted leave a list without muted people, and no other: %s', async (omitsMuted) => {
  joinActs('9');
  const stories = new PagedList<LiveStory>(async () => ({ items: [live(storyOf(1)), live(storyOf(2))], next: null, end: true }), ({ id }) => id);
  await stories.more();
  render(StoryList, { stories, label: 'Stories', restore: false, omitsMuted, empty });
  expect(screen.getAllByRole('article')).toHaveLength(2);
  const other = new BroadcastChannel('sosik-acts-9');
  other.postMessage({ act: 'stands', what: { person: '1', standing: { relation: 'none', muted: true, follows: false } } });
  await expect.poll(() => standingOf(storyOf(1).author).muted).toBe(true);
  await tick();
  expect(screen.queryAllByRole('article')).toHaveLength(omitsMuted ? 0 : 2);
  other.close();
});
