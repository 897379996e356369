import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { canShare, copyLink, share } from './share';
import { shownToasts } from './toasts.svelte';

const address = `${location.origin}/@mina`;
const said = () => shownToasts().at(-1);

/** The browser has this of clipboard and share sheet. */
function browser(has: { writeText?: (text: string) => Promise<void>; share?: (data: ShareData) => Promise<void> }): void {
  vi.stubGlobal('navigator', { clipboard: has.writeText && { writeText: has.writeText }, share: has.share });
}

beforeEach(() => {
  document.execCommand = vi.fn(() => false);
});
afterEach(() => vi.unstubAllGlobals());

describe('an address', () => {
  it('is copied', async () => {
    const writeText = vi.fn(async () => undefined);
    browser({ writeText });
    await copyLink('/@mina');
    expect(writeText).toHaveBeenCalledExactlyOnceWith(address);
    expect(said()).toMatchObject({ text: 'Link copied.', tone: 'done' });
  });

  it('is copied without HTTPS too, where the clipboard is closed to pages', async () => {
    browser({});
    let copied = '';
    document.execCommand = vi.fn(() => {
      copied = (document.activeElement as HTMLTextAreaElement).value;
      return true;
    });
    const button = document.body.appendChild(document.createElement('button'));
    button.focus();
    await copyLink('/@mina');
    expect(copied).toBe(address);
    expect(document.activeElement).toBe(button);
    expect(document.querySelector('textarea')).toBeNull();
    expect(said()).toMatchObject({ tone: 'done' });
  });

  it('is shown when it cannot be copied', async () => {
    browser({ writeText: () => Promise.reject(new Error('denied')) });
    await copyLink('/@mina');
    expect(said()).toMatchObject({ text: `Couldn't copy the link: ${address}`, tone: 'failure' });
  });

  it('is handed to the share sheet, and nothing is said when that is closed', async () => {
    const sheet = vi.fn(() => Promise.reject(new DOMException('closed', 'AbortError')));
    const writeText = vi.fn(async () => undefined);
    browser({ share: sheet, writeText });
    expect(canShare()).toBe(true);
    await share({ path: '/@mina', title: 'Mina' });
    expect(sheet).toHaveBeenCalledExactlyOnceWith({ url: address, title: 'Mina' });
    expect(writeText).not.toHaveBeenCalled();
  });

  it('is copied when the share sheet fails', async () => {
    const writeText = vi.fn(async () => undefined);
    browser({ share: () => Promise.reject(new DOMException('no', 'NotAllowedError')), writeText });
    await share({ path: '/@mina', title: 'Mina' });
    expect(writeText).toHaveBeenCalledOnce();
  });
});
