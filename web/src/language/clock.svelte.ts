// The present, to the half minute: what relative times are told against. It stands still while nobody looks.

const TICK = 30_000;

class Clock {
  now = $state(Date.now());
}

const clock = new Clock();

/** Milliseconds since 1970, to half a minute. */
export function now(): number {
  return clock.now;
}

/** Starts the clock, once. */
export function startClock(): void {
  const tick = () => {
    if (!document.hidden) clock.now = Date.now();
  };
  setInterval(tick, TICK);
  document.addEventListener('visibilitychange', tick);
}
