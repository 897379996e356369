import { beforeEach, describe, expect, it, vi } from 'vitest';

import { place, startRouter } from '$/router/index.svelte';

import { help, isHelping, onShortcut, switchShortcuts } from './shortcuts.svelte';

const article = (key: string) => `<div data-key="${key}"><article id="${key}" tabindex="-1"></article></div>`;

beforeEach(() => {
  document.body.innerHTML = `<main>${article('a')}${article('b')}${article('c')}<input id="text" /></main><aside><input id="find" type="search" /></aside>`;
  vi.spyOn(Element.prototype, 'getClientRects').mockReturnValue([{}] as unknown as DOMRectList);
  history.replaceState(null, '', '/');
  startRouter();
  switchShortcuts(true);
  help(false);
});

/** Presses a key where the focus is; says whether it was taken. */
function press(key: string, more: KeyboardEventInit = {}): boolean {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  addEventListener('keydown', onShortcut, { once: true });
  (document.activeElement ?? document.body).dispatchEvent(event);
  return event.defaultPrevented;
}

const focused = () => document.activeElement?.id;

describe('keyboard shortcuts', () => {
  it('lead from row to row and back, and stop at the ends', () => {
    const way = ['j', 'j', 'j', 'j', 'k', 'k', 'k'].map((key) => (press(key), focused()));
    expect(way).toEqual(['a', 'b', 'c', 'c', 'b', 'a', 'a']);
  });

  it('are found by their place on a keyboard of another script', () => {
    press('ㅓ', { code: 'KeyJ' });
    expect(focused()).toBe('a');
    press('ㅜ', { code: 'KeyN' });
    expect(place().page).toBe('compose');
  });

  it('find the search field, a new story and the help', () => {
    press('/');
    expect(focused()).toBe('find');
    (document.activeElement as HTMLElement).blur();
    press('n');
    expect(place().page).toBe('compose');
    press('?', { shiftKey: true });
    expect(isHelping()).toBe(true);
  });

  it('do nothing while somebody writes, with other keys held, or when they are switched off', () => {
    document.getElementById('text')?.focus();
    expect(press('j')).toBe(false);
    document.getElementById('text')?.blur();
    expect(press('n', { ctrlKey: true })).toBe(false);
    expect(press('x')).toBe(false);
    switchShortcuts(false);
    expect(press('?')).toBe(false);
    expect(localStorage.getItem('sosik.shortcuts')).toBe('off');
    expect([focused(), place().page, isHelping()]).toEqual(['', 'home', false]);
  });

  it('like the story that has the focus, or the one that the page is about', () => {
    const liked: string[] = [];
    for (const one of document.querySelectorAll('article')) {
      one.innerHTML = '<button class="like"></button>';
      one.addEventListener('click', () => liked.push(one.id));
    }
    press('l');
    expect(liked).toEqual([]);
    press('j');
    press('ㅣ', { code: 'KeyL' });
    expect(liked).toEqual(['a']);
    (document.activeElement as HTMLElement).blur();
    document.querySelector('#c')?.classList.add('alone');
    press('l');
    expect(liked).toEqual(['a', 'c']);
  });

  it('bring what is new at home, and lead home from elsewhere', () => {
    let again = 0;
    addEventListener('sosik:again', () => (again += 1));
    press('.');
    expect(again).toBe(1);
    press('n');
    press('.');
    expect(place().page).toBe('home');
    expect(again).toBe(1);
  });
});
