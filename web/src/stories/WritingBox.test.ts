import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import * as sitting from '$/feed/sitting.svelte';

import WritingBox from './WritingBox.svelte';

const bo = { id: '7', handle: 'bo', display_name: 'Bo Reed', bio: '', language: 'en' };

beforeEach(() => {
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ items: [bo], end: true }), { headers: { 'Content-Type': 'application/json' } }));
});

async function mentions(onsend = vi.fn()) {
  const box = render(WritingBox, { value: '', label: 'Text', placeholder: '', onsend });
  const text = screen.getByLabelText<HTMLTextAreaElement>('Text');
  await fireEvent.input(text, { target: { value: 'for @bo' } });
  await screen.findByRole('listbox');
  return { box, text, onsend };
}

describe('the list of people to mention', () => {
  it('closes when the text is sent with the keyboard', async () => {
    const { text, onsend } = await mentions();
    await fireEvent.keyDown(text, { key: 'Enter', ctrlKey: true });
    expect(onsend).toHaveBeenCalledOnce();
    expect(screen.queryByRole('listbox')).toBeNull();
  });

  it('closes when the text has been sent with a button', async () => {
    const { box } = await mentions();
    await box.rerender({ value: '' });
    await waitFor(() => expect(screen.queryByRole('listbox')).toBeNull());
  });
});

describe('the list of tags', () => {
  it('has those of the stories at home that begin like the word, and takes one with a key', async () => {
    const tagged = (...tags: string[]) => ({ shown: { tags } });
    vi.spyOn(sitting, 'sitting').mockReturnValue({ home: { stories: [tagged('봄나들이', '가을'), tagged('봄나들이')] } } as never);
    render(WritingBox, { value: '', label: 'Text', placeholder: '' });
    const text = screen.getByLabelText<HTMLTextAreaElement>('Text');
    await fireEvent.input(text, { target: { value: '산책 #보' } });
    await screen.findByRole('listbox', { name: 'Tags' });
    expect(screen.getAllByRole('option').map((option) => option.textContent?.trim())).toEqual(['#봄나들이']);
    await fireEvent.keyDown(text, { key: 'Enter' });
    expect(text.value).toBe('산책 #봄나들이 ');
  });
});
