// Whether the server can be reached. The browser knows only whether the device has a network. A network that leads nowhere
// and a server that is gone show themselves in requests without an answer.
//
// When something gives reason to doubt (the live stream broke, a request takes long), a small request asks whether the server
// is there. While it is not, that request is repeated, so that everything goes on by itself when the server is back.

/** Answers without the database and without a session. */
const PROBE = '/livez';
/** No answer within this is none. */
const PROBE_TIMEOUT = 3_000;
/** One failed probe may be a server that restarts; two are an outage. */
const FAILURES_MIN = 2;
/** Between probes; doubles up to the maximum. */
const PROBE_WAIT_FIRST = 1_000;
const PROBE_WAIT_MAX = 10_000;

class Network {
  online = $state(navigator.onLine);
  /** What the browser says of the device. */
  device = $state(navigator.onLine);
}

const network = new Network();
const waiting = new Set<() => void>();
let probing = false;

addEventListener('online', () => {
  network.device = true;
  back();
});
addEventListener('offline', () => (network.online = network.device = false));

/** Whether the server can be reached, as far as is known. */
export function isOnline(): boolean {
  return network.online;
}

/** Whether the device itself has a network, as far as the browser knows. */
export function hasNetwork(): boolean {
  return network.device;
}

/** A request, with its repeats, got an answer or did not. */
export function answered(any: boolean): void {
  if (any && !network.online) back();
  network.online = any;
  network.device = navigator.onLine;
  if (!any) void probe();
}

/** There is reason to doubt that the server can be reached: it is asked. */
export function doubt(): void {
  if (network.online) void probe();
}

/** Calls `then` whenever the server can be reached again. Returns a function that ends this. */
export function whenBack(then: () => void): () => void {
  waiting.add(then);
  return () => waiting.delete(then);
}

function back(): void {
  network.online = true;
  for (const then of waiting) then();
}

/** Asks until the server answers. A page that nobody sees does not ask: it does when it is seen again. */
async function probe(): Promise<void> {
  if (probing) return;
  probing = true;
  let [wait, failures] = network.online ? [0, 0] : [PROBE_WAIT_FIRST, FAILURES_MIN];
  for (;;) {
    await pause(wait);
    if (document.hidden || !navigator.onLine) break;
    if (await isThere()) {
      answered(true);
      break;
    }
    failures += 1;
    if (failures >= FAILURES_MIN) network.online = false;
    wait = Math.min(Math.max(wait * 2, PROBE_WAIT_FIRST), PROBE_WAIT_MAX);
  }
  probing = false;
}

async function isThere(): Promise<boolean> {
  try {
    const { status } = await fetch(PROBE, { cache: 'no-store', signal: AbortSignal.timeout(PROBE_TIMEOUT) });
    return !isGateway(status);
  } catch {
    return false;
  }
}

/** Whether a gateway answered in place of a server that it cannot reach. */
export function isGateway(status: number): boolean {
  return status === 502 || status === 504;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
