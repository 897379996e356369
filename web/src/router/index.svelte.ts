// Where one is. Real addresses through the History API: back and forward work, every place can be shared.
//
// `location` is where the address bar is. Each entry of the history has a key, under which lists and scroll positions are
// kept, so that going back shows what one left and not a fresh page.
import { match, type Match } from './routes';
import { isOfServer } from './server-paths';

export { to } from './routes';

/** One entry of the history. */
export interface Place extends Match {
  path: string;
  query: URLSearchParams;
  /** Names this entry of the history; stays the same when one comes back to it. */
  key: string;
  /** How one got here. */
  by: 'start' | 'push' | 'replace' | 'pop';
}

interface Entry {
  key: string;
  index: number;
}

class Router {
  place = $state.raw<Place>({ page: 'home', params: {}, path: '/', query: new URLSearchParams(), key: 'start', by: 'start' });
  index = 0;
}

const router = new Router();
const scrolls = new Map<string, number>();
let scrollClaimed: string | null = null;

/** Where one is. */
export function place(): Place {
  return router.place;
}

/** Begins to follow the address bar and the links of the page. */
export function startRouter(): void {
  history.scrollRestoration = 'manual';
  const kept = history.state as Entry | null;
  const entry = kept?.key ? kept : { key: freshKey(), index: 0 };
  history.replaceState(entry, '');
  arrive(entry, 'start');
  addEventListener('popstate', (event) => {
    leave();
    const state = (event.state as Entry | null) ?? { key: freshKey(), index: 0 };
    arrive(state, 'pop');
  });
  addEventListener('click', followLink);
}

/** Goes to an address of ours. */
export function go(address: string, how: 'push' | 'replace' = 'push'): void {
  leave();
  const entry = how === 'push' ? { key: freshKey(), index: router.index + 1 } : { key: router.place.key, index: router.index };
  if (how === 'push') history.pushState(entry, '', address);
  else history.replaceState(entry, '', address);
  arrive(entry, how);
}

/** Goes back, or to `otherwise` when this is where one came in. */
export function goBack(otherwise = '/'): void {
  if (router.index > 0) history.back();
  else go(otherwise, 'replace');
}

/** How far down one was when one left this entry of the history. */
export function scrollOf(key: string): number {
  return scrolls.get(key) ?? 0;
}

/** A list says that it has put the page where it was, to the pixel. */
export function claimScroll(): void {
  scrollClaimed = router.place.key;
}

/** Whether a list has claimed the scroll position of this entry of the history since one arrived there. */
export function isScrollClaimed(key: string): boolean {
  return scrollClaimed === key;
}

function leave(): void {
  scrolls.set(router.place.key, scrollY);
}

function arrive(entry: Entry, by: Place['by']): void {
  scrollClaimed = null;
  router.index = entry.index;
  const path = location.pathname;
  router.place = { ...match(path), path, query: new URLSearchParams(location.search), key: entry.key, by };
}

function freshKey(): string {
  return crypto.getRandomValues(new Uint32Array(2)).join('-');
}

/** Links within the client are followed without loading a document. Whatever asks for more than a plain click is not ours. */
function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (isOfServer(link.pathname)) return;
  event.preventDefault();
  const address = link.pathname + link.search;
  if (address === location.pathname + location.search) {
    dispatchEvent(new CustomEvent('sosik:again'));
    return;
  }
  go(address);
}
