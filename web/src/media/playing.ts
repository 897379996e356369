// Lets one video play at a time.

/** Pauses every video on the page but this one. */
export function pauseOthers(player?: HTMLVideoElement): void {
  for (const other of document.querySelectorAll('video')) if (other !== player) other.pause();
}

/** Pauses a video that leaves the screen. Returns how to stop. */
export function pauseUnseen(player: HTMLVideoElement): () => void {
  const watch = new IntersectionObserver((entries) => {
    if (!entries.at(-1)?.isIntersecting && document.pictureInPictureElement !== player) player.pause();
  });
  watch.observe(player);
  return () => watch.disconnect();
}
