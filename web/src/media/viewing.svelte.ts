// The state of the full-screen viewer: which photo or video of a story it shows. The code of the viewer is loaded at its first
// use.
import type { LiveStory } from '$/stories/live.svelte';

/** A story, and the medium of it that is shown first. */
export interface Viewed {
  story: LiveStory;
  media: string;
}

class Viewing {
  now = $state.raw<Viewed | null>(null);
}

const viewing = new Viewing();

/** What is on the full screen. */
export function viewed(): Viewed | null {
  return viewing.now;
}

/** Shows a medium of a story on the full screen. */
export function view(story: LiveStory, media: string): void {
  viewing.now = { story, media };
}

/** Closes the viewer. */
export function endView(): void {
  viewing.now = null;
}
