// What can be done with a story, behind its three dots. Reporting will find its place here.
import { answer, api } from '$/api/client';
import { messageOf, unlessGone } from '$/api/failure';
import { t } from '$/language/index.svelte';
import { confirmed } from '$/parts/dialog.svelte';
import type { Action } from '$/parts/Menu.svelte';
import { canShare, copyLink, share } from '$/parts/share';
import { tell } from '$/parts/toasts.svelte';
import { block, mute } from '$/people/relations.svelte';
import { go, goBack, place, to } from '$/router/index.svelte';
import { isStranger, me } from '$/session/index.svelte';

import { askStory } from './ask';
import { beginning } from './excerpt';
import { storyDeleted, storySaved, type LiveStory } from './live.svelte';

/** So much of a story goes with its address. */
const SHARED_CHARACTERS = 120;

/** The actions that this person has with this story. */
export function actionsOf(story: LiveStory): Action[] {
  if (isStranger()) return sharing(story);
  if (story.shown.author.id === me()?.id) {
    return [
      { label: t('story.edit'), icon: 'feather', run: () => go(to.storyEdit(story.id)) },
      saving(story),
      ...sharing(story),
      { label: t('story.delete'), icon: 'trash', run: () => void erase(story), danger: true },
    ];
  }
  const author = story.shown.author;
  return [
    saving(story),
    ...sharing(story),
    { label: t('person.mute', { name: author.display_name }), icon: 'mute', run: () => void mute(author) },
    { label: t('person.block', { name: author.display_name }), icon: 'block', run: () => void block(author), danger: true },
  ];
}

/** Keeping it for oneself. */
function saving(story: LiveStory): Action {
  const saved = story.saved === true;
  return { label: t(saved ? 'story.unsave' : 'story.save'), icon: 'bookmark', run: () => void save(story, !saved) };
}

/** Whether the person saved the story is asked when they open its menu for the first time. */
export function askSaved(story: LiveStory): void {
  if (story.saved === null) void askStory(story.id).catch(() => undefined);
}

async function save(story: LiveStory, wanted: boolean): Promise<void> {
  const at = { params: { path: { story: story.id } } };
  try {
    await (wanted ? answer(api.PUT('/v1/stories/{story}/save', at)) : answer(api.DELETE('/v1/stories/{story}/save', at)));
    storySaved(story, wanted);
    tell(t(wanted ? 'story.saved' : 'story.unsaved'));
  } catch (failure) {
    tell(messageOf(failure), 'failure');
  }
}

/** Handing it on. The share sheet gets the text: that is only for stories that everyone may read. */
function sharing(story: LiveStory): Action[] {
  const { author, text, audience } = story.shown;
  const path = to.story(story.id);
  const done = audience === 'public' ? undefined : t('story.copied-friends', { name: author.display_name });
  const copy: Action = { label: t('story.copy'), icon: 'link', run: () => void copyLink(path, done) };
  if (audience !== 'public' || !canShare()) return [copy];
  const shared = { path, title: author.display_name, text: beginning(text, SHARED_CHARACTERS) };
  return [{ label: t('story.share'), icon: 'share', run: () => void share(shared) }, copy];
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
