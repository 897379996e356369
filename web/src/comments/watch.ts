// Tells pages that are open that the comments on a story have changed. Apart from what is known of comments, which only those
// pages need.

const watchers = new Set<(story: string) => void>();

/** Somebody has written, edited or deleted a comment on this story. */
export function commentsChanged(story: string): void {
  for (const then of watchers) then(story);
}

/** Calls `then` when the comments on a story have changed. Returns how to stop. */
export function whenCommented(then: (story: string) => void): () => void {
  watchers.add(then);
  return () => watchers.delete(then);
}
