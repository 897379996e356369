// Inviting a friend: one's profile, which they see after they have logged in or signed up.
import type { Person } from '$/api/types';
import { t } from '$/language/index.svelte';
import { canShare, copyLink, share } from '$/parts/share';
import { to } from '$/router/index.svelte';

/** Hands on the address of one's profile. */
export function invite(me: Person): Promise<void> {
  const path = to.person(me.handle);
  return canShare() ? share({ path, title: me.display_name, text: t('invite.text') }) : copyLink(path, t('invite.copied'));
}
