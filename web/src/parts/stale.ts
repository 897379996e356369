// When a page that stays open may show what is no longer so: it has not been seen for a while, or the server could not be
// reached. What the live stream does not bring is asked for again then.
import { whenBack } from './network.svelte';

/** Who looks away for less time finds the page as it was. */
const AWAY_MIN = 30_000;

/** Calls `then` whenever what is shown may be old. Returns a function that ends this. */
export function whenStale(then: () => void): () => void {
  let hiddenSince = document.hidden ? Date.now() : null;
  function look() {
    const away = hiddenSince === null ? 0 : Date.now() - hiddenSince;
    hiddenSince = document.hidden ? Date.now() : null;
    if (!document.hidden && away >= AWAY_MIN) then();
  }
  const stopBack = whenBack(then);
  document.addEventListener('visibilitychange', look);
  return () => {
    stopBack();
    document.removeEventListener('visibilitychange', look);
  };
}
