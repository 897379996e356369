// The files of a story in the outbox: the story is sent when the server has all of them.
import type { Unsent, UnsentAttachment } from '$/offline/outbox';

import { adopt, cancel, release, uploadAgain, whenSettled, type Upload } from './uploads.svelte';

export { release, whenSettled };

/** The person does not want these files any more. */
export async function cancelAll(attachments: readonly UnsentAttachment[]): Promise<void> {
  for (const { file } of attachments) {
    const upload = await adopt(file);
    if (upload) cancel(upload);
  }
}

/** What is known of the files of a story: it can be sent, has to wait, or will never be sent. */
export type Files = { ready: UnsentAttachment[] } | { refused: string } | 'later';

/** Looks after the files of a story. Those that were not uploaded before are uploaded from now on. */
export async function filesOf({ attachments = [] }: Unsent): Promise<Files> {
  const uploads: (Upload | null)[] = [];
  for (const { file, media } of attachments) uploads.push(media ? null : await adopt(file));
  const isLost = uploads.some((upload, index) => !upload && !attachments[index]?.media);
  if (isLost) return { refused: 'media_lost' };
  const failed = uploads.find((upload) => upload?.state === 'failed');
  if (failed) return { refused: failed.failure?.code ?? 'internal' };
  const ready = attachments.map((one, index) => ({ ...one, media: one.media ?? uploads[index]?.kept.media ?? null }));
  return ready.every(({ media }) => media !== null) ? { ready } : 'later';
}

/** The server no longer has media of the story: the files are uploaded once more. */
export async function again(one: Unsent): Promise<Unsent> {
  const attachments = (one.attachments ?? []).map((attachment) => ({ ...attachment, media: null }));
  await uploadAgain(attachments.map(({ file }) => file));
  return { ...one, attachments, again: true };
}
