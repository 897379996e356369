// Changes that are shown before the server has answered. What depends on such a change is asked for after the answer: asked
// for earlier, it may be from before the change, next to a count that is from after it.

const unanswered = new Map<string, Promise<void>>();

/** Remembers that a change of the thing with this id waits for its answer until `change` ends. */
export async function untilAnswered(id: string, change: Promise<void>): Promise<void> {
  unanswered.set(id, change);
  try {
    await change;
  } finally {
    unanswered.delete(id);
  }
}

/** Waits while a change of the thing with this id has no answer. Does not fail when the change does. */
export async function whenAnswered(id: string): Promise<void> {
  await unanswered.get(id)?.catch(() => undefined);
}
