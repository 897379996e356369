// How high the rows of a list are, and therefore where each stands: measured where a row has been on the screen, estimated
// by the average of those elsewhere. Pure arithmetic; a list of 5,000 rows is recounted in a few microseconds.

/** Heights and places of the rows of one list. */
export class Heights {
  #keys: string[] = [];
  #index = new Map<string, number>();
  #measured = new Map<string, number>();
  /** `#tops[i]` is where row `i` begins; one more at the end for the whole. */
  #tops = new Float64Array(1);
  #sum = 0;
  readonly #guess: number;

  constructor(guess: number) {
    this.#guess = guess;
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
    const assumed = before ?? this.#average();
    this.#measured.set(key, height);
    this.#sum += height - (before ?? 0);
    return height - assumed;
  }

  /** Puts every row in its place. */
  recount(): void {
    const average = this.#average();
    const tops = new Float64Array(this.#keys.length + 1);
    this.#keys.forEach((key, index) => {
      tops[index + 1] = tops[index]! + (this.#measured.get(key) ?? average);
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

  #average(): number {
    return this.#measured.size === 0 ? this.#guess : this.#sum / this.#measured.size;
  }
}
