// Short words at the edge of the screen: what went wrong, what was done. Read out by screen readers, gone by themselves.

/** How it is meant. */
export type Tone = 'done' | 'failure' | 'offer';

/** One of them. */
export interface Toast {
  id: number;
  text: string;
  tone: Tone;
  action?: { label: string; run: () => void };
}

/** Long enough to read twice. */
const SHOWN = 6_000;
/** Older ones make room. */
const TOASTS_MAX = 3;

class Toasts {
  list = $state.raw<Toast[]>([]);
}

const toasts = new Toasts();
let next = 1;

/** What is shown. */
export function shownToasts(): Toast[] {
  return toasts.list;
}

/** Says something. An offer stays until it is taken or dismissed. */
export function tell(text: string, tone: Tone = 'done', action?: Toast['action']): void {
  const toast: Toast = { id: next++, text, tone, ...(action ? { action } : {}) };
  toasts.list = [...toasts.list.filter((other) => other.text !== text), toast].slice(-TOASTS_MAX);
  if (tone !== 'offer') setTimeout(() => dismiss(toast.id), SHOWN);
}

/** Takes one away. */
export function dismiss(id: number): void {
  toasts.list = toasts.list.filter((toast) => toast.id !== id);
}
