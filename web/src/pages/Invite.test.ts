import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person } from '$/api/types';
import { become } from '$/session/index.svelte';

import Invite from './Invite.svelte';

const TOKEN = 'AAAAAAAAAE3_c0-ZkqVd3nq1JbJ2mWvP';
let people = 500;
let inviter: Person;

const somebody = (more: Partial<Person>) => ({ id: String((people += 1)), handle: 'bo', display_name: 'Bo', bio: '', language: 'en', ...more }) as Person;

beforeEach(() => {
  history.replaceState(null, '', `/invite#${TOKEN}`);
  vi.stubGlobal('fetch', async (request: Request) =>
    request.method === 'POST' ? Response.json({ inviter, expires_at: '' }) : new Response(null, { status: 204 }),
  );
  become(somebody({ id: '400', handle: 'mina' }));
});

afterEach(() => vi.unstubAllGlobals());

const place = { page: 'invite' as const, params: {}, path: '/invite', query: new URLSearchParams(), key: 'k', by: 'start' as const };

describe('an invitation that somebody with an account opens', () => {
  it.each([
    ['none', {}, /so add Bo as a friend/, 'Add friend'],
    ['none', { can_request: false }, null, 'Follow'],
    ['asked', {}, null, 'Accept'],
    ['requested', {}, null, 'Requested'],
  ] as const)('offers what the two can do: %s %o', async (relation, more, text, button) => {
    inviter = somebody({ relation, ...more });
    render(Invite, { place });
    expect(await screen.findByRole('button', { name: button })).toBeTruthy();
    expect(screen.queryByText(/so add Bo/)?.textContent ?? '').toMatch(text ?? /^$/);
  });

  it('offers a friend nothing, whatever this device noted before', async () => {
    inviter = somebody({ relation: 'none' });
    const { unmount } = render(Invite, { place });
    await fireEvent.click(await screen.findByRole('button', { name: 'Add friend' }));
    await screen.findByRole('button', { name: 'Requested' });
    unmount();
    inviter = { ...inviter, relation: 'friend' };
    render(Invite, { place });
    await screen.findByText('Bo');
    expect(screen.queryByRole('button', { name: /Add friend|Requested/ })).toBeNull();
  });
});
