// Light or dark: as the system says, unless the person has chosen. `public/boot.js` applies the choice before the first
// paint.
import { keep, kept } from '$/offline/settings';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

class Chosen {
  theme = $state<Theme>('system');
}

const chosen = new Chosen();

/** The person's choice. */
export function theme(): Theme {
  return chosen.theme;
}

/** Applies what was chosen on this device. */
export function startTheme(): void {
  const before = kept('theme');
  apply(before === 'light' || before === 'dark' ? before : 'system');
}

/** The person chooses. */
export function chooseTheme(theme: Theme): void {
  keep('theme', theme === 'system' ? null : theme);
  apply(theme);
}

function apply(theme: Theme): void {
  chosen.theme = theme;
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
  colourTheBar(theme);
}

/** The browser's own bar takes the colour of the ground. */
function colourTheBar(theme: Theme): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const dark = theme === 'system' ? meta.media.includes('dark') : theme === 'dark';
    meta.content = dark ? '#0a0f12' : '#f1f5f5';
  }
}
