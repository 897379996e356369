// How high the rows of a list are, and therefore where each stands: measured where a row has been on the screen, assumed
// elsewhere. Pure arithmetic; a list of 5,000 rows is recounted in a few microseconds.

/** After so many measures their average takes the place of the first guess. */
const ENOUGH = 8;

/** Heights and places of the rows of one list. */
export class Heights {
  #keys: string[] = [];
  #index = new Map<string, number>();
  #measured = new Map<string, number>();
  /** `#tops[i]` is where row `i` begins; one more at the end for the whole. */
  #tops = new Float64Array(1);
  #sum = 0;
  /** Height of a row that has not been measured. */
  #assumed: number;

  constructor(guess: number) {
    this.#assumed = guess;
  }

  /** How many rows there are. */
  get count(): number {
    return this.#keys.length;
  }

  /** Height of all rows together. */
  get total(): number {
    return this.#tops[this.#keys.length] ?? 0;
  }

  /** These are the rows from now on. Measures of rows that stay are kept, also while they are away. */
  setKeys(keys: string[]): void {
    this.#keys = keys;
    this.#index = new Map(keys.map((key, index) => [key, index]));
    this.recount();
  }

  /** Where a row stands in the list; -1 when it is not there. */
  indexOf(key: string): number {
    return this.#index.get(key) ?? -1;
  }

  /** The row's key. */
  keyAt(index: number): string | undefined {
    return this.#keys[index];
  }

  /** A row has been measured. Gives back by how much that differs from what was assumed. Takes effect at the recount. */
  measure(key: string, height: number): number {
    const before = this.#measured.get(key);
    const assumed = before ?? this.#assumed;
    this.#measured.set(key, height);
    this.#sum += height - (before ?? 0);
    // Only once: a guess that follows every measure would move everything below rows that were never seen.
    if (before === undefined && this.#measured.size === ENOUGH) this.#assumed = this.#sum / ENOUGH;
    return height - assumed;
  }

  /** Puts every row in its place. */
  recount(): void {
    const tops = new Float64Array(this.#keys.length + 1);
    this.#keys.forEach((key, index) => {
      tops[index + 1] = tops[index]! + (this.#measured.get(key) ?? this.#assumed);
    });
    this.#tops = tops;
  }

  /** Where a row begins, from the top of the list. Past the last row: the end of the list. */
  top(index: number): number {
    return this.#tops[Math.min(Math.max(index, 0), this.#keys.length)] ?? 0;
  }

  /** The row at this height; the nearest one outside the list. */
  at(y: number): number {
    let low = 0;
    let high = this.#keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tops[middle]! <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }
}
