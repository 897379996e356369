// Stories in their order: by id, newest first. Ids are decimal texts of up to 20 digits, larger than a number can be.

/** Below 0 when `a` is newer than `b`. */
export function newestFirst(a: string, b: string): number {
  if (a.length !== b.length) return b.length - a.length;
  return a < b ? 1 : a > b ? -1 : 0;
}

/** Whether `a` is newer than `b`. */
export function isNewer(a: string, b: string): boolean {
  return newestFirst(a, b) < 0;
}

interface HasId {
  id: string;
}

/**
 * Two lists as one, in order, each story once. `list` is in order already; `more` may be in any. What of `list` stays the
 * same stays the same objects, and `list` itself is given back when `more` brings nothing new.
 */
export function merged<T extends HasId>(list: T[], more: readonly T[]): T[] {
  const there = new Set(list.map((item) => item.id));
  const fresh = more.filter((item) => !there.has(item.id) && there.add(item.id)).sort((a, b) => newestFirst(a.id, b.id));
  if (fresh.length === 0) return list;
  const result: T[] = [];
  let at = 0;
  for (const item of list) {
    while (at < fresh.length && isNewer(fresh[at]!.id, item.id)) result.push(fresh[at++]!);
    result.push(item);
  }
  return result.concat(fresh.slice(at));
}
