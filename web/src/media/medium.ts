// The state of a medium on the server.
import { answer, api } from '$/api/client';
import type { Media } from '$/api/media';

/** What the server has made of a medium so far. */
export function askMedia(media: string): Promise<Media> {
  return answer(api.GET('/v1/media/{media}', { params: { path: { media } } }));
}

/** Deletes a medium that is not wanted any more. It would expire by itself, so failing does not matter. */
export function forgetMedia(media: string): void {
  void api.DELETE('/v1/media/{media}', { params: { path: { media } } }).catch(() => undefined);
}
