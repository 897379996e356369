// Handing an address on: through the share sheet of the device where there is one, else through the clipboard.
import { t } from '$/language/index.svelte';

import { tell } from './toasts.svelte';

/** What a share sheet shows beside the address. */
export interface Shared {
  /** A path of this site. */
  path: string;
  title: string;
  text?: string;
}

/** Whether this device has a share sheet. Without HTTPS no browser offers it. */
export function canShare(): boolean {
  return typeof navigator.share === 'function';
}

/** Opens the share sheet. Closing it without a choice is no failure. */
export async function share({ path, title, text }: Shared): Promise<void> {
  try {
    await navigator.share({ url: addressOf(path), title, ...(text ? { text } : {}) });
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'AbortError') await copyLink(path);
  }
}

/** Copies the address of a path, and says whether that worked. */
export async function copyLink(path: string, done = t('story.copied')): Promise<void> {
  const address = addressOf(path);
  if (await copy(address)) tell(done);
  else tell(t('share.copy-failed', { address }), 'failure');
}

function addressOf(path: string): string {
  return location.origin + path;
}

/** The clipboard exists only in secure contexts; the older way also works on a phone in the local network. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelection(text);
  }
}

function copySelection(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'unseen';
  document.body.append(field);
  field.focus({ preventScroll: true });
  field.select();
  const copied = document.execCommand?.('copy') ?? false;
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return copied;
}
