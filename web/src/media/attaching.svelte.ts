// The photos and videos of a story that is being written: chosen, described, put in order, removed.
import type { Attachment, MediaKind } from '$/api/media';
import type { Story } from '$/api/types';
import { messageOf } from '$/api/failure';
import { t } from '$/language/index.svelte';
import type { Chosen } from '$/offline/files';
import type { UnsentAttachment } from '$/offline/outbox';

import { durationOf } from './duration';
import { ALT_CHARACTERS_MAX, ATTACHMENTS_MAX, isTooLarge, MEGABYTES_MAX, VIDEO_MINUTES_MAX } from './limits';
import { adopt, cancel, choose, finish, sweep, whenSettled, type Upload } from './uploads.svelte';

/** A photo or video: on its way to the server, or in the story already. */
export class Item {
  alt = $state('');
  readonly key: string;
  readonly kind: MediaKind;

  constructor(
    readonly upload: Upload | null,
    readonly attachment: Attachment | null,
    alt = '',
  ) {
    this.key = upload?.key ?? attachment?.media ?? '';
    this.kind = (upload ?? attachment)?.kind === 'video' ? 'video' : 'photo';
    this.alt = alt;
  }

  /** Its id, once the server has it. */
  get media(): string | null {
    return this.attachment?.media ?? this.upload?.kept.media ?? null;
  }

  get hasFailed(): boolean {
    return (this.upload ?? this.attachment)?.state === 'failed';
  }
}

/** The photos and videos of one story. */
export class Attaching {
  items = $state.raw<Item[]>([]);
  /** What was wrong with what the person chose last. */
  problems = $state.raw<string[]>([]);
  /** Files are being taken. */
  taking = $state(0);
  readonly #person: string;

  constructor(person: string) {
    this.#person = person;
    sweep();
  }

  get isEmpty(): boolean {
    return this.items.length === 0 && this.taking === 0;
  }

  /** The story could not be posted with them. */
  get hasFailed(): boolean {
    return this.items.some((item) => item.hasFailed);
  }

  /** Takes files that the person chose, as far as there is room. */
  async add(files: readonly File[]): Promise<void> {
    const fitting = files.filter((file) => faultOf(file) === null);
    const taken = fitting.slice(0, ATTACHMENTS_MAX - this.items.length - this.taking);
    this.problems = [
      ...files.flatMap((file) => faultOf(file) ?? []),
      ...(taken.length < fitting.length ? [t('attach.too-many', { n: ATTACHMENTS_MAX })] : []),
    ];
    this.taking += taken.length;
    for (const file of taken) {
      await this.#take(file);
      this.taking -= 1;
    }
  }

  async #take(file: File): Promise<void> {
    const kind = kindOf(file) ?? 'photo';
    if (kind === 'video' && (await isTooLong(file))) {
      this.problems = [...this.problems, t('attach.too-long', { name: file.name, n: VIDEO_MINUTES_MAX })];
      return;
    }
    const upload = await choose(this.#person, file, kind);
    this.items = [...this.items, new Item(upload, null)];
  }

  /** Takes up what was begun before. Returns false when the device has lost some of it. */
  async resume(chosen: readonly Chosen[], story?: Story): Promise<boolean> {
    const there = story?.attachments ?? [];
    const items: Item[] = [];
    for (const { file, media, alt } of chosen) {
      const upload = file ? await adopt(file) : null;
      const attachment = there.find((one) => one.media === media) ?? null;
      if (upload || attachment) items.push(new Item(upload, attachment, alt));
    }
    this.items = items;
    const isWhole = items.length === chosen.length;
    this.problems = isWhole ? [] : [t('problem.media_lost')];
    return isWhole;
  }

  /** Moves one to another place. */
  move(item: Item, to: number): void {
    const others = this.items.filter((other) => other !== item);
    const place = Math.min(Math.max(to, 0), others.length);
    this.items = [...others.slice(0, place), item, ...others.slice(place)];
  }

  /** Takes one out. A file that is in no story is deleted. */
  remove(item: Item): void {
    this.items = this.items.filter((other) => other !== item);
    this.problems = [];
    if (item.upload) cancel(item.upload);
  }

  /** The story has them now: nothing of them has to stay on the device. */
  done(): void {
    for (const { upload } of this.items) if (upload) finish(upload);
  }

  /** The person gave up what they had begun: files that are in no story are deleted. */
  discard(): void {
    for (const { upload } of this.items) if (upload) cancel(upload);
  }

  /** What a draft keeps of them. */
  chosen(): Chosen[] {
    return this.items.map(({ upload, attachment, alt }) => (upload ? { file: upload.key, alt } : { media: attachment?.media ?? '', alt }));
  }

  /** What the outbox needs of them. */
  unsent(): UnsentAttachment[] {
    return this.items.flatMap(({ upload, alt }) => (upload ? { file: upload.key, alt: alt.trim(), media: upload.kept.media } : []));
  }

  /** What the server needs of them, once it has them all; a failure when it does not take one. */
  async uploaded(): Promise<{ media: string; alt: string }[]> {
    for (;;) {
      const failed = this.items.find((item) => item.hasFailed);
      if (failed?.upload?.failure) throw failed.upload.failure;
      if (this.items.every(({ media }) => media !== null)) break;
      await new Promise<void>((done) => {
        const stop = whenSettled(() => (stop(), done()));
      });
    }
    return this.items.map(({ media, alt }) => ({ media: media ?? '', alt: alt.trim() }));
  }
}

/** Why an item failed, in words. */
export function reasonOf(item: Item): string {
  return item.upload?.failure ? messageOf(item.upload.failure) : t('media.failed');
}

/** As much of a description as the server takes. */
export function withinLimit(alt: string): string {
  return [...alt].slice(0, ALT_CHARACTERS_MAX).join('');
}

/** What a file is, as far as the browser knows; null when it is no photo and no video. The server looks into it. */
export function kindOf({ type }: Pick<File, 'type'>): MediaKind | null {
  if (type.startsWith('video/')) return 'video';
  return type.startsWith('image/') && type !== 'image/svg+xml' ? 'photo' : null;
}

/** Why a file cannot be taken, in words, as far as that is known before it is opened; null when it can. */
function faultOf(file: File): string | null {
  const { name, size } = file;
  const kind = kindOf(file);
  if (!kind) return t('attach.type', { name });
  if (size === 0) return t('attach.empty', { name });
  return isTooLarge(size, kind) ? t('attach.too-large', { name, n: MEGABYTES_MAX[kind] }) : null;
}

async function isTooLong(file: File): Promise<boolean> {
  const seconds = await durationOf(file);
  // The file itself says it in whole frames; the last one does not make a video too long.
  return seconds !== null && seconds >= VIDEO_MINUTES_MAX * 60 + 1;
}
