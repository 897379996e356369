// The present, to the half minute: what relative times are told against. It stands still while nobody looks.
//
// It is the server's time, because the server gave the stories their times and the clock of a device may be wrong by hours.
// The difference is kept on the device for the next start without a network.
import { keep, kept } from '$/offline/settings';

const TICK = 30_000;

/** A smaller difference is the way of the answer and the whole seconds of its header, not a wrong clock. */
const DIFFERENCE_MIN = 5_000;

/** By how much the server's clock is ahead of the device's, in milliseconds. */
let ahead = Number(kept('clock') ?? 0) || 0;

class Clock {
  now = $state(present());
}

const clock = new Clock();

/** Milliseconds since 1970, to half a minute. */
export function now(): number {
  return clock.now;
}

/** Milliseconds since 1970, exactly. */
export function present(): number {
  return Date.now() + ahead;
}

/** The server sent this time (the header `Date`) with an answer that has just come. */
export function serverSaid(date: string | null): void {
  const difference = Date.parse(date ?? '') - Date.now();
  if (Number.isNaN(difference)) return;
  const found = Math.abs(difference) < DIFFERENCE_MIN ? 0 : difference;
  if (found === ahead || (found !== 0 && Math.abs(found - ahead) < DIFFERENCE_MIN)) return;
  ahead = found;
  keep('clock', found === 0 ? null : String(found));
  clock.now = present();
}

/** Starts the clock, once. */
export function startClock(): void {
  const tick = () => {
    if (!document.hidden) clock.now = present();
  };
  setInterval(tick, TICK);
  document.addEventListener('visibilitychange', tick);
  addEventListener('pageshow', tick);
}
