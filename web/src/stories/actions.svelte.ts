// What can be done with a story, behind its three dots. Reporting will find its place here.
import { answer, api } from '$/api/client';
import { messageOf, unlessGone } from '$/api/failure';
import { t } from '$/language/index.svelte';
import { confirmed } from '$/parts/dialog.svelte';
import type { Action } from '$/parts/Menu.svelte';
import { tell } from '$/parts/toasts.svelte';
import { block, mute } from '$/people/relations.svelte';
import { go, goBack, place, to } from '$/router/index.svelte';
import { me } from '$/session/index.svelte';

import { storyDeleted, type LiveStory } from './live.svelte';

/** The actions that this person has with this story. */
export function actionsOf(story: LiveStory): Action[] {
  const copy: Action = { label: t('story.copy'), icon: 'link', run: () => void copyLink(story) };
  if (story.shown.author.id === me()?.id) {
    return [
      { label: t('story.edit'), icon: 'feather', run: () => go(to.storyEdit(story.id)) },
      copy,
      { label: t('story.delete'), icon: 'trash', run: () => void erase(story), danger: true },
    ];
  }
  const author = story.shown.author;
  return [
    copy,
    { label: t('person.mute', { name: author.display_name }), icon: 'mute', run: () => void mute(author) },
    { label: t('person.block', { name: author.display_name }), icon: 'block', run: () => void block(author), danger: true },
  ];
}

async function copyLink(story: LiveStory): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.origin + to.story(story.id));
    tell(t('story.copied'));
  } catch {
    tell(t('story.copy-failed'), 'failure');
  }
}

async function erase(story: LiveStory): Promise<void> {
  const sure = await confirmed({
    title: t('story.delete-title'),
    text: t('story.delete-text'),
    yes: t('story.delete'),
    danger: true,
  });
  if (!sure) return;
  try {
    await answer(api.DELETE('/v1/stories/{story}', { params: { path: { story: story.id } } })).catch(unlessGone);
    storyDeleted(story);
    tell(t('story.deleted'));
    if (place().page === 'story') goBack();
  } catch (failure) {
    tell(messageOf(failure), 'failure');
  }
}
