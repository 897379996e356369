import { fireEvent, render } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import Avatar from './Avatar.svelte';

const mina = { id: '7', display_name: '김민아', avatar: { small: '/avatars/7/s.webp', large: '/avatars/7/l.webp' } };

describe('what stands for a person', () => {
  it('is their picture in the size of its place, with their letters until it is there', () => {
    const { container } = render(Avatar, { person: mina });
    expect(container.querySelector('img')?.getAttribute('src')).toBe('/avatars/7/s.webp');
    expect(container.querySelector('img')?.getAttribute('alt')).toBe('');
    expect(container.textContent).toBe('민아');
    expect(render(Avatar, { person: mina, size: 'large' }).container.querySelector('img')?.getAttribute('src')).toBe('/avatars/7/l.webp');
  });

  it('is their letters alone when they have none, or when it cannot be loaded', async () => {
    const { container, rerender } = render(Avatar, { person: mina });
    await fireEvent.error(container.querySelector('img')!);
    expect(container.querySelector('img')).toBeNull();
    expect(container.textContent).toBe('민아');
    // Loaded again once the server is back.
    dispatchEvent(new Event('online'));
    await expect.poll(() => container.querySelector('img')).toBeTruthy();
    await rerender({ person: { ...mina, avatar: null } });
    expect(container.querySelector('img')).toBeNull();
  });
});
