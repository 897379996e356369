// A picture that a person has chosen, opened by the browser.

/** Opens a file as a picture; null when this browser cannot: many do not know HEIC. */
export async function openPicture(file: Blob): Promise<HTMLImageElement | null> {
  const picture = new Image();
  picture.src = URL.createObjectURL(file);
  try {
    await picture.decode();
    if (picture.naturalWidth > 0 && picture.naturalHeight > 0) return picture;
  } catch {
    // No picture, or of a kind that this browser does not know.
  }
  closePicture(picture);
  return null;
}

/** Releases a picture that is not shown any more. */
export function closePicture(picture: HTMLImageElement): void {
  URL.revokeObjectURL(picture.src);
}
