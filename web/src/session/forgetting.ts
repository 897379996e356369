// Who keeps answers of the server forgets them when the answers are for another person from now on.

const forgetting = new Set<() => void>();

/** Calls `forget` when what was known is not this person's. */
export function whenForgetting(forget: () => void): void {
  forgetting.add(forget);
}

/** Whatever was known is not what the person may see who uses this device now. */
export function forgetAnswers(): void {
  for (const forget of forgetting) forget();
}
