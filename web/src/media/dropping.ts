// Files that a person drops on a form or pastes into it.

/** The files that are dragged or pasted. */
export function filesOf(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])];
}

/** Whether files are dragged, and not text. */
export function dragsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}

/** The files of a paste. A text that some programs put there with a picture of it is pasted as text. */
export function pastedFiles(event: ClipboardEvent): File[] {
  return event.clipboardData?.types.includes('text/plain') ? [] : filesOf(event.clipboardData);
}
