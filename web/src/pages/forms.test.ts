import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person, Story } from '$/api/types';
import { forgetEverything } from '$/offline/db';
import { question } from '$/parts/dialog.svelte';
import type { Place } from '$/router/index.svelte';
import { become } from '$/session/index.svelte';
import { takeDraft } from '$/stories/draft';

import DeleteAccount from './DeleteAccount.svelte';
import Edit from './Edit.svelte';
import LogIn from './LogIn.svelte';
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

describe('deleting the account', () => {
  const press = () => fireEvent.click(screen.getByRole('button', { name: 'Delete account' }));
  const entersPassword = () => fireEvent.input(field('Current password'), { target: { value: 'a guess' } });

  /** Answers the question, once it is asked. */
  async function answers(yes: boolean): Promise<void> {
    await waitFor(() => expect(question()?.title).toBe('Delete your account?'));
    question()?.answer(yes);
  }

  it('says what happens to what, and asks for the password before anything else', async () => {
    render(DeleteAccount, { place });
    expect(screen.getAllByRole('listitem').map((item) => item.textContent).join(' ')).toContain('@bo stays taken');
    await press();
    expect(screen.getByText('The current password is wrong.')).toBeTruthy();
    await waitFor(() => expect(document.activeElement).toBe(field('Current password')));
    expect(question()).toBeNull();
  });

  it('does nothing when the person is not sure', async () => {
    render(DeleteAccount, { place });
    await entersPassword();
    await press();
    await answers(false);
    await tick();
    expect(sent).toEqual([]);
    expect(field('Current password').value).toBe('a guess');
  });

  it('says at the field that the password is wrong, and leads there', async () => {
    const problem = { code: 'wrong_password', errors: [{ field: 'current', message: '…' }] };
    vi.stubGlobal('fetch', async (request: Request) => {
      sent.push(await request.json());
      return Response.json(problem, { status: 422 });
    });
    render(DeleteAccount, { place });
    await entersPassword();
    await press();
    await answers(true);
    await screen.findByText('The current password is wrong.');
    expect(sent).toEqual([{ current: 'a guess' }]);
    await waitFor(() => expect(document.activeElement).toBe(field('Current password')));
    expect(field('Current password').getAttribute('aria-invalid')).toBe('true');
  });

  it('says why it cannot be done without the server, and keeps what was entered', async () => {
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('no network')));
    render(DeleteAccount, { place });
    await entersPassword();
    await press();
    await answers(true);
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain("Can't reach the server."));
    expect(field('Current password').value).toBe('a guess');
    expect(field('Current password').getAttribute('aria-invalid')).toBeNull();
  });

  it('is confirmed where one logs in, until that fails', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ code: 'wrong_credentials' }, { status: 401 }));
    render(LogIn, { place: { ...place, query: new URLSearchParams('deleted') } });
    expect(screen.getByRole('status').textContent).toBe('Your account is deleted.');
    await fireEvent.input(field('Handle'), { target: { value: 'bo' } });
    await fireEvent.input(field('Password'), { target: { value: 'a guess' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Log in' }));
    await screen.findByText('The handle or password is wrong.');
    expect(screen.queryByRole('status')).toBeNull();
  });
});

describe('a handle that is being typed', () => {
  /** What the server knows of handles. */
  function serverSays(known: Record<string, object>): string[] {
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (request: Request) => {
      const { pathname } = new URL(request.url);
      if (!pathname.startsWith('/v1/handles/')) return Response.json({});
      const handle = pathname.split('/').at(-1) ?? '';
      asked.push(handle);
      return Response.json(known[handle] ?? { availability: 'available' });
    });
    return asked;
  }

  const types = (value: string) => fireEvent.input(field('Handle'), { target: { value } });

  it('is said to be free, taken or not allowed, once one pauses', async () => {
    const asked = serverSays({
      mina: { availability: 'taken', code: 'handle_taken', message: '…' },
      admin: { availability: 'not_allowed', code: 'handle_reserved', message: '…' },
    });
    render(SignUp, { place });
    await types('min');
    await types('mina');
    await screen.findByText('This handle is taken. Choose another one.');
    expect(asked).toEqual(['mina']);
    expect(field('Handle').getAttribute('aria-invalid')).toBe('true');
    await types('admin');
    await screen.findByText('This handle is reserved. Choose another one.');
    await types('@Mina_2');
    const free = await screen.findByText('@mina_2 is available.');
    expect(free.getAttribute('aria-live')).toBe('polite');
    expect(field('Handle').getAttribute('aria-invalid')).toBeNull();
  });

  it('is not asked for while it cannot be one, and the hint comes back', async () => {
    const asked = serverSays({});
    render(SignUp, { place });
    await types('mi-na');
    await screen.findByText('A handle starts with a letter', { exact: false });
    await types('');
    await screen.findByText('3 to 20 letters', { exact: false });
    expect(asked).toEqual([]);
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
