// The language the client speaks. One is loaded at a time; choosing another changes every text on the screen at once.
//
// It is taken from the browser until the person chooses one on this device. To add a language: a file of messages beside
// `en.ts`, a line in `LANGUAGES` and in `LOADERS`.
import { kept, keep } from '$/offline/settings';

import type en from './en';
import { chosen, filled, pieces, written, type Message, type Piece, type Values } from './message';

/** Codes of the languages, in the order in which they are offered, with their own names. */
export const LANGUAGES = [
  ['ko', '한국어'],
  ['en', 'English'],
  ['ja', '日本語'],
] as const;

export type Language = (typeof LANGUAGES)[number][0];
export type MessageKey = keyof typeof en;
export type Messages = Record<MessageKey, Message>;

const LOADERS: Record<Language, () => Promise<{ default: Messages }>> = {
  ko: () => import('./ko'),
  en: () => import('./en'),
  ja: () => import('./ja'),
};

class Speech {
  language = $state<Language>('en');
  messages = $state.raw<Messages>({} as Messages);
}

const speech = new Speech();

/** The code of the language in use. */
export function language(): Language {
  return speech.language;
}

/** A message as a sentence in the language in use. */
export function t(key: MessageKey, values: Values = {}): string {
  return filled(speech.messages[key] ?? key, values, speech.language);
}

/** A message in pieces, for sentences with links or names set apart. */
export function tPieces(key: MessageKey, values: Values = {}): Piece[] {
  return pieces(chosen(speech.messages[key] ?? key, values, speech.language));
}

/** A number as the language writes it. */
export function number(value: number): string {
  return written(value, speech.language);
}

/** Whether there is a message of this name, for keys put together at run time. */
export function isMessage(key: string): key is MessageKey {
  return key in speech.messages;
}

/** Whether a code is one of ours. */
export function isLanguage(code: string | null | undefined): code is Language {
  return LANGUAGES.some(([ours]) => ours === code);
}

/** The language to start with: the one chosen on this device, else the first of the browser's that we have. */
export function preferredLanguage(browser: readonly string[] = navigator.languages): Language {
  const chosen = kept('language');
  if (isLanguage(chosen)) return chosen;
  const codes = browser.map((tag) => tag.toLowerCase().split('-')[0]);
  return codes.find(isLanguage) ?? 'en';
}

/** Speaks this language from now on, without remembering it. */
export async function speak(language: Language): Promise<void> {
  const { default: messages } = await LOADERS[language]();
  speech.messages = messages;
  speech.language = language;
  document.documentElement.lang = language;
}

/** The person chose a language for this device. */
export async function chooseLanguage(language: Language): Promise<void> {
  keep('language', language);
  await speak(language);
}
