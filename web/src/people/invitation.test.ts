import { describe, expect, it } from 'vitest';

import type { Person } from '$/api/types';

import { invitation, keepInvitation, linkOf, tokenIn } from './invitation.svelte';

const TOKEN = 'AAAAAAAAAE3_c0-ZkqVd3nq1JbJ2mWvP';

describe('an invitation', () => {
  it('has its token behind the # of the link, where no server sees it', () => {
    const link = new URL(linkOf(TOKEN), 'https://sosik.example');
    expect(link.pathname + link.search).toBe('/invite');
    expect(tokenIn(link.hash)).toBe(TOKEN);
  });

  it.each(['', '#', '#short', `#${TOKEN}x`, `#${TOKEN.slice(1)}=`])('has no token in %j', (hash) => {
    expect(tokenIn(hash)).toBeNull();
  });

  it('is kept for the sign-up, and only until then', () => {
    keepInvitation({ token: TOKEN, inviter: { id: '1', handle: 'mina', display_name: 'Mina' } as Person });
    expect(invitation()?.inviter.handle).toBe('mina');
    expect(sessionStorage.getItem('sosik.invitation')).toContain(TOKEN);
    keepInvitation(null);
    expect(invitation()).toBeNull();
    expect(sessionStorage.getItem('sosik.invitation')).toBeNull();
  });
});
