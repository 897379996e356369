// The invitation with which one came, from its link until the sign-up. Kept for this tab only, so that a reload of the form
// does not lose it.
import { answer, api } from '$/api/client';
import type { Person } from '$/api/types';
import { keepInTab, keptInTab } from '$/offline/settings';

/** An invitation that is open. */
export interface Invitation {
  token: string;
  inviter: Person;
}

class Kept {
  invitation = $state.raw<Invitation | null>(remembered());
}

const kept = new Kept();

/** The invitation with which one came. */
export function invitation(): Invitation | null {
  return kept.invitation;
}

/** Keeps an invitation for the sign-up; null when it was used or is not wanted. */
export function keepInvitation(one: Invitation | null): void {
  kept.invitation = one;
  // Without storage it lasts until the page is loaded anew.
  keepInTab('invitation', one && JSON.stringify(one));
}

/** Asks the server who invites with this token. The token travels in the body: it stands in no log. */
export async function openInvitation(token: string): Promise<Invitation> {
  const { inviter } = await answer(api.POST('/v1/invitations/open', { body: { token } }));
  return { token, inviter };
}

/** The token in the address of a link. What stands behind the `#` is never sent to a server, nor to the next page. */
export function tokenIn(hash: string): string | null {
  return /^#[\w-]{32}$/.test(hash) ? hash.slice(1) : null;
}

/** The address to hand on. */
export function linkOf(token: string): string {
  return `/invite#${token}`;
}

function remembered(): Invitation | null {
  try {
    return JSON.parse(keptInTab('invitation') ?? 'null') as Invitation | null;
  } catch {
    return null;
  }
}
