import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import type { Comment, Person } from '$/api/types';

import CommentThread from './CommentThread.svelte';
import { Threads } from './threads.svelte';

const author = { id: '1', handle: 'bo', display_name: 'Bo', bio: '', language: 'en' } as Person;
const comment = { id: '5', story: '4', author, text: 'first', entities: [], created_at: new Date().toISOString(), edited_at: null, replies: 0, likes: 0, liked: false } as unknown as Comment;

const thread = (threads: Threads, canReply: boolean) => ({ comment, threads, me: author, canReply, ofMyStory: false, onreplied: () => undefined, onremoved: () => undefined });

describe('a comment', () => {
  it('offers to be answered, with a form that takes the focus when it was asked for, and only then', async () => {
    const threads = new Threads();
    const { unmount } = render(CommentThread, thread(threads, true));
    await fireEvent.click(screen.getByRole('button', { name: 'Reply' }));
    expect(document.activeElement).toBe(screen.getByRole('textbox'));
    // Its row was out of sight, and comes back.
    unmount();
    render(CommentThread, thread(threads, true));
    expect(screen.getByRole('textbox')).toBeTruthy();
    expect(document.activeElement).toBe(document.body);
  });

  it('offers no answer where the person may not comment', async () => {
    const threads = new Threads();
    const { rerender } = render(CommentThread, thread(threads, true));
    await fireEvent.click(screen.getByRole('button', { name: 'Reply' }));
    await rerender(thread(threads, false));
    expect(screen.queryByRole('button', { name: 'Reply' })).toBeNull();
    expect(screen.queryByRole('textbox')).toBeNull();
  });
});
