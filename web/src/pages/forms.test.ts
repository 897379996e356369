import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person, Story } from '$/api/types';
import { forgetEverything } from '$/offline/db';
import type { Place } from '$/router/index.svelte';
import { become } from '$/session/index.svelte';
import { takeDraft } from '$/stories/draft';

import Edit from './Edit.svelte';
import ProfileSettings from './ProfileSettings.svelte';
import SignUp from './SignUp.svelte';

const bo = { id: '7', handle: 'bo', display_name: 'Bo Reed', bio: 'Bakes.', language: 'en' } as Person;
const story = { id: '42', author: bo, text: 'as it was', audience: 'friends', attachments: [], entities: [], created_at: new Date().toISOString(), mentions: [], tags: [], likes: 0, comments: 0, revision: 0, liked: false } as Story;
const place = { page: 'edit', params: { story: '42' }, path: '/', query: new URLSearchParams(), key: 'k', by: 'start' } satisfies Place;

let sent: unknown[];

beforeEach(async () => {
  sent = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method !== 'GET') sent.push(await request.clone().json());
    return new Response(JSON.stringify(request.url.includes('/stories/') ? story : bo), { headers: { 'Content-Type': 'application/json' } });
  });
  await forgetEverything();
  become(bo);
});

const field = <Field extends HTMLElement = HTMLInputElement>(label: string) => screen.getByLabelText<Field>(label);

describe('signing up', () => {
  it('says everything that is wrong at once, before anything is sent, and leads to the first', async () => {
    render(SignUp, { place });
    await fireEvent.input(field('Handle'), { target: { value: '9' } });
    await fireEvent.input(field('Password'), { target: { value: 'short' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Sign up' }));
    expect(['Name', 'Handle', 'Password'].map((label) => field(label).getAttribute('aria-invalid'))).toEqual(['true', 'true', 'true']);
    await waitFor(() => expect(document.activeElement).toBe(field('Name')));
    expect(sent).toEqual([]);
  });
});

describe('changes that were not saved', () => {
  it('of a profile are there again when one comes back, until they are discarded', async () => {
    const first = render(ProfileSettings, { place });
    await fireEvent.input(field('About you'), { target: { value: 'Bakes bread.' } });
    await tick();
    first.unmount();
    const second = render(ProfileSettings, { place });
    await waitFor(() => expect(field('About you').value).toBe('Bakes bread.'));
    await fireEvent.click(screen.getByRole('button', { name: 'Discard' }));
    expect(field('About you').value).toBe('Bakes.');
    second.unmount();
    render(ProfileSettings, { place });
    await expect.poll(() => takeDraft('7', 'profile')).toBeUndefined();
    await tick();
    expect(field('About you').value).toBe('Bakes.');
  });

  it('of a story are there again when one comes back', async () => {
    const first = render(Edit, { place });
    await fireEvent.input(await screen.findByLabelText('Your story'), { target: { value: 'as it shall be' } });
    first.unmount();
    render(Edit, { place });
    await waitFor(() => expect(field('Your story').value).toBe('as it shall be'));
    expect(screen.getByText('You have unsaved changes.')).toBeTruthy();
  });
});
