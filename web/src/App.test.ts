import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import App from './App.svelte';
import { whenSessionEnds } from './api/client';
import { go, startRouter } from './router/index.svelte';
import { askWho, forget } from './session/index.svelte';

let refused: { status: number; code: string };
let answered: object | null = null;

beforeEach(() => {
  vi.stubGlobal('fetch', async () =>
    answered ? new Response(JSON.stringify(answered)) : new Response(JSON.stringify({ code: refused.code }), { status: refused.status }),
  );
  whenSessionEnds(() => void forget());
  startRouter();
});

/** Waits as long as a busy machine takes to load a page of the client. */
const PATIENCE = 30_000;

afterEach(() => {
  vi.unstubAllGlobals();
  whenSessionEnds(() => undefined);
});

describe('the client on a device that remembers nobody', () => {
  it('shows why the server does not say who this is, and asks again', async () => {
    refused = { status: 400, code: 'cookie_ambiguous' };
    await askWho();
    render(App);
    expect((await screen.findByRole('alert', {}, { timeout: PATIENCE })).textContent).toContain('Delete the cookies of this site');

    // To log in, nothing has to be known.
    expect(screen.getByRole('link', { name: 'Log in' }).getAttribute('href')).toBe('/log-in');

    answered = { person: null, public_page: false, open_to_strangers: true };
    await fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('button', { name: 'Log in' }, { timeout: PATIENCE })).toBeTruthy();
  }, 2 * PATIENCE);

  it.each([
    [true, '/@mina'],
    [false, '/log-in?next=%2F%40mina'],
  ])('leads to log in unless the service is open to strangers (%s)', async (isOpen, leadsTo) => {
    answered = { person: null, public_page: false, open_to_strangers: isOpen };
    await askWho();
    go('/@mina');
    render(App);
    await waitFor(() => expect(location.pathname + location.search).toBe(leadsTo));
  });
});
