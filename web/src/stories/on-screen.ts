// Which stories are on the screen, and just beyond it: the live stream brings what happens to them.

const shown = new Map<string, number>();
const waiting = new Set<() => void>();

/** The story is drawn. Returns how to say that it is no longer. */
export function onScreen(id: string): () => void {
  const count = shown.get(id) ?? 0;
  shown.set(id, count + 1);
  if (count === 0) for (const then of waiting) then();
  return () => {
    const left = (shown.get(id) ?? 1) - 1;
    if (left > 0) shown.set(id, left);
    else shown.delete(id);
  };
}

/** The stories on the screen. */
export function storiesOnScreen(): string[] {
  return [...shown.keys()];
}

/** Calls `then` whenever another story comes on the screen. Returns how to stop. */
export function whenOnScreen(then: () => void): () => void {
  waiting.add(then);
  return () => waiting.delete(then);
}
