import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Person } from '$/api/types';
import { isShown } from '$/feed/home.svelte';
import { storyOf } from '$/feed/test-server';
import { joinActs } from '$/session/acts';
import { live } from '$/stories/live.svelte';

import RelationButton from './RelationButton.svelte';

let people = 100;
let asked: string[];

const somebody = (relation: Person['relation']) =>
  ({ id: String((people += 1)), handle: 'bo', display_name: 'Bo Reed', bio: '', language: 'en', relation }) as Person;

beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname.replace(/\d+$/, 'N')}`);
    return new Response(null, { status: 204 });
  });
});

const names = () => screen.getAllByRole('button').map((button) => button.textContent?.trim());

/** Presses the button as soon as nothing is on its way. */
async function click(name: string): Promise<void> {
  const button = await screen.findByRole('button', { name });
  await waitFor(() => expect(button.getAttribute('aria-busy')).toBeNull());
  await fireEvent.click(button);
}

describe('what can be done about a person on their profile', () => {
  it('offers no friend request to somebody who takes none, on a profile and in a list', () => {
    for (const full of [true, false]) {
      const { unmount } = render(RelationButton, { person: { ...somebody('none'), can_request: false } as Person, full });
      expect(names()).toEqual(['Follow']);
      unmount();
    }
  });

  it('keeps the follow while a friend request waits, and when it is taken back', async () => {
    render(RelationButton, { person: somebody('following'), full: true });
    await click('Add friend');
    await screen.findByRole('button', { name: 'Cancel request' });
    expect(names()).toContain('Following');
    await click('Cancel request');
    await screen.findByRole('button', { name: 'Add friend' });
    expect(names()).toContain('Following');
  });

  it.each(['requested', 'asked'] as const)('offers to follow while the relation is "%s"', async (relation) => {
    render(RelationButton, { person: somebody(relation), full: true });
    await click('Follow');
    await screen.findByRole('button', { name: 'Following' });
    expect(asked).toEqual(['PUT /v1/follows/N']);
    expect(names().some((name) => name === 'Cancel request' || name === 'Accept')).toBe(true);
    await click('Following');
    await screen.findByRole('button', { name: 'Follow' });
    expect(asked.at(-1)).toBe('DELETE /v1/follows/N');
  });

  it('is the same in every tab of the browser', async () => {
    const person = somebody('none');
    render(RelationButton, { person, full: true });
    joinActs('9');
    const other = new BroadcastChannel('sosik-acts-9');
    const told: unknown[] = [];
    other.onmessage = ({ data }) => told.push(data);
    await click('Follow');
    const follows = { relation: 'following', muted: false, follows: true };
    await waitFor(() => expect(told).toContainEqual({ act: 'stands', what: { person: person.id, standing: follows } }));
    other.postMessage({ act: 'stands', what: { person: person.id, standing: { relation: 'friend', muted: false, follows: true } } });
    await screen.findByText('Friends');
    other.close();
  });

  it('takes the stories of a person off the home feed when one stops following them', async () => {
    const person = somebody('following');
    const story = live({ ...storyOf(Number(person.id)), author: person });
    render(RelationButton, { person, full: true });
    await click('Following');
    await screen.findByRole('button', { name: 'Follow' });
    expect(isShown(story)).toBe(false);
    expect(story.gone).toBe(false);
  });
});
