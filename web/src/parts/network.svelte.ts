// Whether the server can be reached. The browser knows only whether the device has a network; a network that leads nowhere
// shows itself in requests without an answer.

class Network {
  online = $state(navigator.onLine);
}

const network = new Network();
const waiting = new Set<() => void>();

addEventListener('online', back);
addEventListener('offline', () => (network.online = false));

/** Whether the server can be reached, as far as is known. */
export function isOnline(): boolean {
  return network.online;
}

/** A request, with its repeats, got an answer or did not. */
export function answered(any: boolean): void {
  if (any && !network.online) back();
  network.online = any;
}

/** Calls `then` whenever the server can be reached again. */
export function whenBack(then: () => void): void {
  waiting.add(then);
}

function back(): void {
  network.online = true;
  for (const then of waiting) then();
}
