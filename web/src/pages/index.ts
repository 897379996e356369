// The pages by name. Home comes with the first script; the others when they are needed, or when there is time.
import type { Component } from 'svelte';

import { whenIdle } from '$/parts/idle';
import type { Place } from '$/router/index.svelte';
import type { PageName } from '$/router/routes';

import Home from './Home.svelte';

type Page = Component<{ place: Place }>;
type Load = () => Promise<{ default: Page }>;

const LOADERS: Record<Exclude<PageName, 'home'>, Load> = {
  compose: () => import('./Compose.svelte'),
  story: () => import('./Story.svelte'),
  edit: () => import('./Edit.svelte'),
  likes: () => import('./Likes.svelte'),
  person: () => import('./Person.svelte'),
  tag: () => import('./Tag.svelte'),
  public: () => import('./Public.svelte'),
  search: () => import('./Search.svelte'),
  friends: () => import('./Friends.svelte'),
  notifications: () => import('./Notifications.svelte'),
  saved: () => import('./Saved.svelte'),
  settings: () => import('./Settings.svelte'),
  'profile-settings': () => import('./ProfileSettings.svelte'),
  privacy: () => import('./Privacy.svelte'),
  password: () => import('./Password.svelte'),
  sessions: () => import('./Sessions.svelte'),
  'delete-account': () => import('./DeleteAccount.svelte'),
  hidden: () => import('./Hidden.svelte'),
  invite: () => import('./Invite.svelte'),
  'log-in': () => import('./LogIn.svelte'),
  'sign-up': () => import('./SignUp.svelte'),
  missing: () => import('./Missing.svelte'),
};

/** Pages at the gate: they are the same for everybody, so nobody has to be asked for. */
export const OPEN_PAGES: PageName[] = ['invite', 'log-in', 'sign-up', 'missing'];

/** Pages that show people without an account what everybody may see. */
export const OUTSIDE_PAGES: PageName[] = ['story', 'person', 'public'];

/** The page; null when it cannot be had and the document is loaded anew instead. */
export async function loadPage(name: PageName): Promise<Page | null> {
  if (name === 'home') return Home;
  try {
    return (await LOADERS[name]()).default;
  } catch {
    // A newer version was installed and the old files are gone: only a fresh document knows the new ones. Once.
    if (navigator.onLine && !sessionStorage.getItem('sosik.reloaded')) {
      sessionStorage.setItem('sosik.reloaded', '1');
      location.reload();
    }
    return null;
  }
}

/** Loads the pages that are likely next, when the browser has nothing better to do. */
export function prefetchPages(): void {
  const likely: Exclude<PageName, 'home'>[] = ['story', 'person', 'compose', 'notifications', 'search', 'friends', 'settings'];
  for (const name of likely) whenIdle(() => void LOADERS[name]().catch(() => undefined));
}
