// The photos and videos of a form in which a story is written or edited. Everything about them is loaded with the first one.
import type { Component } from 'svelte';

import type { Story } from '$/api/types';
import { Failure, messageOf } from '$/api/failure';
import type { Chosen } from '$/offline/files';
import { tell } from '$/parts/toasts.svelte';
import { allowed } from '$/text/allowed';

import type { Attaching } from './attaching.svelte';

/** The photos and videos of one form. */
export class FormMedia {
  attaching = $state.raw<Attaching | null>(null);
  /** What shows them, once it is loaded. */
  tiles = $state.raw<Component<{ attaching: Attaching; onchange?: () => void }> | null>(null);
  readonly #person: string;

  constructor(person: string) {
    this.#person = person;
  }

  get isEmpty(): boolean {
    return this.attaching?.isEmpty ?? true;
  }

  /** Whether a story of this text and these media can be sent. Beside a photo or video no text is needed. */
  passes(text: string): boolean {
    const { attaching } = this;
    if (!attaching || attaching.isEmpty) return allowed(text);
    return !attaching.hasFailed && attaching.taking === 0 && (text.trim() === '' || allowed(text));
  }

  /** What a draft keeps; nothing when there are none. */
  chosen(): Chosen[] {
    return this.attaching?.chosen() ?? [];
  }

  /** Takes files that the person chose. */
  async choose(files: readonly File[]): Promise<void> {
    await (await this.#load())?.add(files);
  }

  /** Takes up what was begun before, or what the story has. */
  async resume(chosen: readonly Chosen[], story?: Story): Promise<void> {
    if (chosen.length > 0) await (await this.#load())?.resume(chosen, story);
    else this.attaching = null;
  }

  async #load(): Promise<Attaching | null> {
    try {
      const loaded = await import('./composing');
      this.tiles = loaded.Attachments;
      this.attaching ??= new loaded.Attaching(this.#person);
      return this.attaching;
    } catch {
      tell(messageOf(Failure.offline()), 'failure');
      return null;
    }
  }
}
