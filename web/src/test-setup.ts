// What jsdom lacks and the client's parts need. Nothing of it decides what a test finds.
import 'fake-indexeddb/auto';

import { cleanup } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';

import { speak } from '$/language/index.svelte';

class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

vi.stubGlobal('ResizeObserver', NoObserver);
vi.stubGlobal('IntersectionObserver', NoObserver);
HTMLMediaElement.prototype.play = () => Promise.resolve();
HTMLMediaElement.prototype.pause = () => undefined;
vi.stubGlobal('scrollTo', () => undefined);
vi.stubGlobal('scrollBy', () => undefined);

HTMLDialogElement.prototype.showModal = function showModal() {
  this.open = true;
};
HTMLDialogElement.prototype.close = function close(returnValue = '') {
  this.returnValue = returnValue;
  this.open = false;
  this.dispatchEvent(new Event('close'));
};

beforeEach(() => speak('en'));
afterEach(cleanup);
