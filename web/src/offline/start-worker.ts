// Starting the service worker, and offering a newer version when one is there. It never takes over by itself: a page keeps
// the files it began with until the person agrees to begin anew.
import { t } from '$/language/index.svelte';
import { tell } from '$/parts/toasts.svelte';

const WORKER = '/sw.js';

/** Asks for a newer version so often while the page stays open. */
const CHECK_EVERY = 60 * 60_000;

interface Policy {
  createScriptURL(address: string): string;
}

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): Policy;
}

/** Under Trusted Types only this one address is a script that may be started. */
function workerAddress(): string {
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  const onlyOurs = (address: string) => {
    if (address !== WORKER) throw new TypeError('not a worker of ours');
    return address;
  };
  return policies?.createPolicy('sosik-worker', { createScriptURL: onlyOurs }).createScriptURL(WORKER) ?? WORKER;
}

/** Starts it, where there is one. Not while developing: it would hide what one has just changed. */
export function startWorker(): void {
  if (import.meta.env.DEV || !navigator.serviceWorker) return;
  let taking = false;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (taking) location.reload();
  });
  const offer = (waiting: ServiceWorker) =>
    tell(t('update.there'), 'offer', {
      label: t('update.take'),
      run: () => {
        taking = true;
        waiting.postMessage('take-over');
      },
    });
  navigator.serviceWorker
    .register(workerAddress(), { updateViaCache: 'none' })
    .then((registration) => {
      if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
      registration.addEventListener('updatefound', () => {
        const fresh = registration.installing;
        fresh?.addEventListener('statechange', () => {
          if (fresh.state === 'installed' && navigator.serviceWorker.controller) offer(fresh);
        });
      });
      setInterval(() => void registration.update().catch(() => undefined), CHECK_EVERY);
    })
    .catch(() => {
      // Without it the client works as before, only not offline.
    });
}
