// The duration of a video, if this browser can read it before the upload.

/** Longest wait for the browser to read the head of a video, in milliseconds. */
const PATIENCE = 4_000;

/** The duration of a video in seconds; null when this browser cannot tell. The server looks into every video anyway. */
export function durationOf(file: Blob): Promise<number | null> {
  return new Promise((resolve) => {
    const video = document.createElement('video');
    const address = URL.createObjectURL(file);
    const timer = setTimeout(() => end(null), PATIENCE);
    function end(seconds: number | null) {
      clearTimeout(timer);
      video.removeAttribute('src');
      URL.revokeObjectURL(address);
      resolve(seconds !== null && Number.isFinite(seconds) ? seconds : null);
    }
    video.preload = 'metadata';
    video.onloadedmetadata = () => end(video.duration);
    video.onerror = () => end(null);
    video.src = address;
  });
}
