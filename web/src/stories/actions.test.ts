import { afterEach, expect, it, vi } from 'vitest';

import type { Story } from '$/api/types';
import { storyOf } from '$/feed/test-server';

import { actionsOf } from './actions.svelte';
import { live } from './live.svelte';

const labels = (story: Story) => actionsOf(live(story)).map(({ label }) => label);

afterEach(() => vi.unstubAllGlobals());

it('a story for everyone can be shared with its text; of one for friends only the link is copied', async () => {
  const sheet = vi.fn(async () => undefined);
  vi.stubGlobal('navigator', { share: sheet });
  expect(labels(storyOf(11))).toContain('Copy link');
  expect(labels(storyOf(11))).not.toContain('Share…');
  const story = live({ ...storyOf(12), audience: 'public', text: `A  magpie\n${'and another '.repeat(20)}` });
  actionsOf(story).find(({ label }) => label === 'Share…')?.run();
  expect(sheet).toHaveBeenCalledExactlyOnceWith({
    url: `${location.origin}/stories/12`,
    title: 'Bo',
    text: expect.stringMatching(/^A magpie and another .{90,110}…$/),
  });
});

it('a device without a share sheet does not offer one', () => {
  vi.stubGlobal('navigator', {});
  expect(labels({ ...storyOf(13), audience: 'public' })).not.toContain('Share…');
});
