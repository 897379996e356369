// The service worker: opens the client without a network, and sends what waits in the outbox when the network is back.
//
// It keeps the client's own files and nothing else. Answers of the API are never kept here: who may read what is decided by
// the server at every read, and the last feed is kept by the page, which forgets it when the person logs out.
import type { Person } from '$/api/types';
import { allUnsent, awaitsFiles, dropUnsent, keepUnsent, OUTBOX_SYNC, sendOnce } from '$/offline/outbox';
import { isOfServer } from '$/router/server-paths';

/** Every file of the client, put in by the build. */
declare const FILES: string[];
declare const VERSION: string;

interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `sosik-${VERSION}`;

worker.addEventListener('install', (event) => {
  event.waitUntil(fill());
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOldCaches().then(() => worker.clients.claim()));
});

worker.addEventListener('message', (event) => {
  if (event.data === 'take-over') void worker.skipWaiting();
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== 'GET' || address.origin !== worker.location.origin) return;
  if (request.mode === 'navigate' && !isOfServer(address.pathname)) event.respondWith(kept('/', request));
  else if (FILES.includes(address.pathname)) event.respondWith(kept(address.pathname, request));
});

worker.addEventListener('sync' as 'message', (event) => {
  const sync = event as unknown as SyncEvent;
  if (sync.tag === OUTBOX_SYNC) sync.waitUntil(sendAll());
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Past the browser's own cache: half old and half new files would be no version at all.
  await cache.addAll(FILES.map((path) => new Request(path, { cache: 'reload' })));
}

async function dropOldCaches(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith('sosik-') && name !== CACHE) await caches.delete(name);
  }
}

async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

/** Sends what waits. Throws while something has to be tried again, so that the browser calls once more. */
async function sendAll(): Promise<void> {
  const me = await fetch('/v1/me');
  if (me.status === 401) return;
  if (!me.ok) throw new Error('the server cannot be reached yet');
  // Somebody else may have logged in since: nobody posts another one's words.
  const { id } = (await me.json()) as Person;
  let later = false;
  for (const unsent of await allUnsent(id)) {
    if (unsent.refused || awaitsFiles(unsent)) continue;
    const result = await sendOnce(unsent);
    if (result === 'later') later = true;
    else if (result === 'logged-out' || result === 'other-person') return;
    else if ('refused' in result) await keepUnsent({ ...unsent, refused: result.refused });
    else {
      await dropUnsent(unsent);
      for (const page of await worker.clients.matchAll()) page.postMessage({ sent: unsent.key, story: result.story });
    }
  }
  if (later) throw new Error('the server cannot be reached yet');
}
