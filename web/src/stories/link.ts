// The host of a link.

/** The host of an address of the web, as browsers show it; null for other addresses: no link may run a script. */
export function hostOf(address: string): string | null {
  if (!/^https?:\/\//i.test(address)) return null;
  try {
    return new URL(address).hostname.replace(/^www\./, '');
  } catch {
    return null;
  }
}
