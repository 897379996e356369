// What is wrong with what one enters about oneself, by the codes of the server. The server decides; this only lets a form say
// everything at once, before it is sent. What takes the server's knowledge (a handle that is taken) is not here.
import { characters } from '$/stories/limits';

const HANDLE_MIN = 3;
const HANDLE_MAX = 20;
const PASSWORD_MIN = 8;
const PASSWORD_MAX = 128;
const BIO_MAX = 300;

/** A handle, with or without `@`. */
export function handleFault(text: string): string | null {
  const handle = text.trim().replace(/^@/, '');
  if (handle !== '' && !/^[A-Za-z][A-Za-z0-9_]*$/.test(handle)) return 'handle_characters';
  if (handle.length < HANDLE_MIN) return 'handle_too_short';
  return handle.length > HANDLE_MAX ? 'handle_too_long' : null;
}

/** The name that others see. */
export function nameFault(text: string): string | null {
  return text.trim() === '' ? 'display_name_empty' : null;
}

/** A new password. */
export function passwordFault(text: string): string | null {
  const length = [...text].length;
  if (length < PASSWORD_MIN) return 'password_too_short';
  return length > PASSWORD_MAX ? 'password_too_long' : null;
}

/** A few words about oneself. */
export function bioFault(text: string): string | null {
  return characters(text.trim()) > BIO_MAX ? 'bio_too_long' : null;
}
