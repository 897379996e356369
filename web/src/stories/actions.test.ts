import { afterEach, expect, it, vi } from 'vitest';

import type { Story } from '$/api/types';
import { storyOf } from '$/feed/test-server';
import { shownToasts } from '$/parts/toasts.svelte';

import { actionsOf } from './actions.svelte';
import { live } from './live.svelte';

const labels = (story: Story) => actionsOf(live(story)).map(({ label }) => label);

const said = () => shownToasts().map(({ text }) => text);

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

it('who copies the link of a story for friends is told who can open it', async () => {
  vi.stubGlobal('navigator', { clipboard: { writeText: async () => undefined } });
  const copies = (story: Story) => actionsOf(live(story)).find(({ label }) => label === 'Copy link')?.run();
  copies(storyOf(14));
  await vi.waitFor(() => expect(said()).toContain("Link copied. Only Bo's friends can open it."));
  copies({ ...storyOf(15), audience: 'public' });
  await vi.waitFor(() => expect(said()).toContain('Link copied.'));
});

it('a story is saved from its menu, and taken off the saved ones where it is known to be one', () => {
  vi.stubGlobal('navigator', {});
  expect(labels(storyOf(16))[0]).toBe('Save');
  expect(labels({ ...storyOf(17), saved: true })[0]).toBe('Remove from saved');
  // Lists do not say whether a story is saved: what is known stays.
  expect(labels(storyOf(17))[0]).toBe('Remove from saved');
});
