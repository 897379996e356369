// Asking again when that is safe and promises to help: a server that is too busy says when to come back, and one that
// restarts is back within seconds. Nothing that could happen twice is repeated: only reads, writes that may be repeated by
// their nature (PUT, DELETE), and posts that carry an idempotency key.

/** Asked again so many times at most; beyond it, the person decides. */
const REPEATS_MAX = 3;
/** A longer wait is for the person to decide. */
const WAIT_MAX = 8_000;
/** First wait after no answer at all; doubles each time. */
const WAIT_FIRST = 400;
/** A request that takes longer is given up. The server gives up after 15 s itself. */
const TIMEOUT = 20_000;

/** What it needs from outside; tests bring their own. */
export interface World {
  fetch: (request: Request) => Promise<Response>;
  wait: (milliseconds: number) => Promise<void>;
  chance: () => number;
  online: () => boolean;
}

const browser: World = {
  fetch: (request) => fetch(request),
  wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
  chance: Math.random,
  online: () => navigator.onLine,
};

/** `fetch` with patience. */
export async function patientFetch(request: Request, world: World = browser): Promise<Response> {
  for (let repeat = 0; ; repeat += 1) {
    const last = repeat >= REPEATS_MAX || !isRepeatable(request) || request.signal.aborted;
    let wait: number | null = null;
    try {
      const response = await world.fetch(timed(last ? request : request.clone(), request.signal));
      wait = last ? null : waitAsked(response, repeat);
      if (wait === null) return response;
    } catch (error) {
      if (last || !world.online() || request.signal.aborted) throw error;
      wait = WAIT_FIRST * 2 ** repeat;
    }
    // Everybody was sent away at the same moment; they must not come back at the same moment.
    await world.wait(wait * (1 + world.chance() * 0.5));
  }
}

function timed(request: Request, signal: AbortSignal): Request {
  if (!('any' in AbortSignal)) return request;
  return new Request(request, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]) });
}

function isRepeatable(request: Request): boolean {
  return ['GET', 'PUT', 'DELETE'].includes(request.method) || request.headers.has('Idempotency-Key');
}

/** How long the server asks to wait, in milliseconds; null when the answer is final. */
function waitAsked(response: Response, repeat: number): number | null {
  if (response.status === 502 || response.status === 504) return WAIT_FIRST * 2 ** repeat;
  if (response.status !== 503 && response.status !== 429) return null;
  const seconds = Number(response.headers.get('Retry-After') ?? '1');
  const wait = Number.isFinite(seconds) ? Math.max(seconds, 0.2) * 1000 : WAIT_FIRST;
  return wait <= WAIT_MAX ? wait : null;
}
