import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person } from '$/api/types';
import { forgetEverything } from '$/offline/db';

import Composer from './Composer.svelte';
import { unsent } from './outbox.svelte';

const bo = { id: '7', handle: 'bo', display_name: 'Bo Reed', bio: '', language: 'en' } as Person;

async function posts(text: string): Promise<void> {
  await fireEvent.input(screen.getByLabelText('Your story'), { target: { value: text } });
  await fireEvent.click(screen.getByRole('button', { name: 'Post' }));
}

beforeEach(async () => {
  vi.stubGlobal('fetch', () => new Promise(() => undefined));
  await forgetEverything();
});

describe('a new story', () => {
  it('is for friends unless its author chooses everyone', async () => {
    render(Composer, { me: bo });
    await posts('for friends');
    await waitFor(() => expect(unsent()[0]).toMatchObject({ text: 'for friends', audience: 'friends' }));
    await fireEvent.click(screen.getByRole('radio', { name: 'Everyone' }));
    await posts('for everyone');
    await waitFor(() => expect(unsent()[0]).toMatchObject({ text: 'for everyone', audience: 'public' }));
  });
});
