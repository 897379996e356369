// Keys for people who read with a keyboard. A single key does something only while nobody writes and nothing is asked, and
// can be switched off, because speech input presses keys too.
import { keep, kept } from '$/offline/settings';
import { go, place, to } from '$/router/index.svelte';

/** The keys, in the order in which the help shows them. */
export const SHORTCUTS = ['j', 'k', 'l', '.', '/', 'n', '?'] as const;
export type Shortcut = (typeof SHORTCUTS)[number];

/** Where the letters are on keyboards that write another script: a Korean one writes ㅓ with J. */
const CODES: Record<string, Shortcut> = { KeyJ: 'j', KeyK: 'k', KeyL: 'l', KeyN: 'n', Period: '.', Slash: '/' };

class Shortcuts {
  on = $state(kept('shortcuts') !== 'off');
  helping = $state(false);
}

const shortcuts = new Shortcuts();

/** Whether the keys do anything. */
export function areShortcutsOn(): boolean {
  return shortcuts.on;
}

/** The person switches them. */
export function switchShortcuts(on: boolean): void {
  keep('shortcuts', on ? null : 'off');
  shortcuts.on = on;
}

/** Whether the help is open. */
export function isHelping(): boolean {
  return shortcuts.helping;
}

/** Opens or closes the help. */
export function help(open: boolean): void {
  shortcuts.helping = open;
}

/** Does what the key stands for. */
export function onShortcut(event: KeyboardEvent): void {
  const key = keyOf(event);
  if (!key || !shortcuts.on || event.defaultPrevented || isBusy(event)) return;
  const run: Record<Shortcut, () => void> = {
    j: () => step(1),
    k: () => step(-1),
    l: like,
    '.': newest,
    '/': search,
    n: () => go(to.compose),
    '?': () => help(true),
  };
  event.preventDefault();
  run[key]();
}

function keyOf(event: KeyboardEvent): Shortcut | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const typed = SHORTCUTS.find((shortcut) => shortcut === event.key);
  if (typed || /^[\x20-\x7e]$/.test(event.key)) return typed;
  return event.code === 'Slash' && event.shiftKey ? '?' : CODES[event.code];
}

/** Somebody writes, a question is asked, or a menu is open. */
function isBusy(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  return target?.closest('input, textarea, select, [contenteditable], [role=menu]') != null || document.querySelector('dialog[open]') !== null;
}

/** Puts the focus on the next or previous row of the list on the page, and the row to the top of the window. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-key]')];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const top = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
  const first = rows.findIndex((row) => row.getBoundingClientRect().top >= top - 1);
  const next = rows[here >= 0 ? here + by : by > 0 ? first : first - 1];
  if (!next) return;
  const target = next.querySelector<HTMLElement>('article') ?? next.querySelector<HTMLElement>('a, button');
  target?.focus({ preventScroll: true });
  next.scrollIntoView?.({ block: 'start', behavior: 'instant' });
}

/** Likes the story that has the focus, or the one that the page is about; takes the like back when there is one. */
function like(): void {
  const here = document.activeElement?.closest('main article') ?? document.querySelector('main article.alone');
  here?.querySelector<HTMLButtonElement>('button.like')?.click();
}

/** The top of the home feed, with what came since; from elsewhere, home. */
function newest(): void {
  if (place().page === 'home') dispatchEvent(new Event('sosik:again'));
  else go(to.home);
}

function search(): void {
  const fields = [...document.querySelectorAll<HTMLInputElement>('input[type=search]')];
  const field = fields.find((input) => input.getClientRects().length > 0);
  if (!field) return go(to.search);
  field.focus();
  field.select();
}
