import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';

import Menu from './Menu.svelte';

const actions = (run = vi.fn()) => [
  { label: 'Edit', icon: 'feather' as const, run },
  { label: 'Copy', icon: 'link' as const, run },
  { label: 'Delete', icon: 'trash' as const, run, danger: true },
];

describe('a menu', () => {
  it('is walked through with the arrow keys, around its ends', async () => {
    render(Menu, { actions: actions(), label: 'More' });
    await fireEvent.click(screen.getByRole('button', { name: 'More' }));
    const menu = screen.getByRole('menu');
    const names: (string | undefined)[] = [document.activeElement?.textContent?.trim()];
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'Home', 'End']) {
      await fireEvent.keyDown(menu, { key });
      names.push(document.activeElement?.textContent?.trim());
    }
    expect(names).toEqual(['Edit', 'Copy', 'Delete', 'Edit', 'Delete', 'Edit', 'Delete']);
  });

  it('gives the focus back when it is left, and when something was chosen', async () => {
    const run = vi.fn();
    render(Menu, { actions: actions(run), label: 'More' });
    const button = screen.getByRole('button', { name: 'More' });
    await fireEvent.click(button);
    await fireEvent.keyDown(screen.getByRole('menu'), { key: 'Escape' });
    expect(document.activeElement).toBe(button);
    expect(screen.queryByRole('menu')).toBeNull();
    await fireEvent.click(button);
    await fireEvent.click(screen.getByRole('menuitem', { name: 'Copy' }));
    expect(run).toHaveBeenCalledOnce();
    expect(document.activeElement).toBe(button);
  });

  it('keeps the focus when an action gets another name while it is open', async () => {
    const { rerender } = render(Menu, { actions: actions(), label: 'More' });
    await fireEvent.click(screen.getByRole('button', { name: 'More' }));
    await rerender({ actions: [{ label: 'Change', icon: 'feather' as const, run: vi.fn() }, ...actions().slice(1)], label: 'More' });
    expect(document.activeElement?.textContent?.trim()).toBe('Change');
    await fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
    expect(document.activeElement?.textContent?.trim()).toBe('Copy');
  });

  it('closes when one taps elsewhere', async () => {
    render(Menu, { actions: actions(), label: 'More' });
    await fireEvent.click(screen.getByRole('button', { name: 'More' }));
    await fireEvent.pointerDown(document.body);
    expect(screen.queryByRole('menu')).toBeNull();
  });
});
