// The few small things this device remembers that must be known before the first paint. Nothing secret: the session is a
// cookie that scripts cannot read. Storage may be switched off, so every access may fail and none may matter.

type Name = 'language' | 'theme' | 'me' | 'left' | 'clock' | 'shortcuts' | 'invitation';

/** What was kept under a name, or null. */
export function kept(name: Name): string | null {
  try {
    return localStorage.getItem(`sosik.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a text under a name; null forgets it. */
export function keep(name: Name, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(`sosik.${name}`);
    else localStorage.setItem(`sosik.${name}`, text);
  } catch {
    // Switched off or full: the default applies next time.
  }
}

/** What was kept under a name in this tab, which outlives reloads; a new tab begins with nothing. */
export function keptInTab(name: Name): string | null {
  try {
    return sessionStorage.getItem(`sosik.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a text under a name in this tab; null forgets it. */
export function keepInTab(name: Name, text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(`sosik.${name}`);
    else sessionStorage.setItem(`sosik.${name}`, text);
  } catch {
    // Switched off or full: the tab begins at the top.
  }
}

/** Calls `then` when another tab keeps somebody as the person who is logged in. */
export function onPersonKept(then: (text: string | null) => void): void {
  addEventListener('storage', (event) => {
    if (event.key === 'sosik.me') then(event.newValue);
  });
}
