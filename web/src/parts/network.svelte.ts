// Whether there is a network, as far as the browser knows.

class Network {
  online = $state(navigator.onLine);
}

const network = new Network();

addEventListener('online', () => (network.online = true));
addEventListener('offline', () => (network.online = false));

/** Whether there is a network. */
export function isOnline(): boolean {
  return network.online;
}
