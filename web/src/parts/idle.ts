// Work for when the browser has nothing better to do. Safari has no word for that; there, a moment later must do.

const A_MOMENT = 200;

/** Does it when there is time. Gives back what to call it off with. */
export function whenIdle(work: () => void): number {
  if ('requestIdleCallback' in globalThis) return requestIdleCallback(() => work(), { timeout: 2_000 });
  return setTimeout(work, A_MOMENT) as unknown as number;
}

/** Calls it off. */
export function dropIdle(waits: number): void {
  if ('cancelIdleCallback' in globalThis) cancelIdleCallback(waits);
  else clearTimeout(waits);
}
