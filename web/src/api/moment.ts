// The order of questions, answers and events within this tab. Answers overtake each other: what was asked before something
// else became known is older than that.

let moments = 0;

/** A number larger than every one before. */
export function moment(): number {
  moments += 1;
  return moments;
}
