// Times and days as people say them.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** After that a date says more than a number of days. */
const RELATIVE_MAX = 7 * DAY;

const kept = new Map<string, Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function dateFormat(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  let format = kept.get(key) as Intl.DateTimeFormat | undefined;
  if (!format) kept.set(key, (format = new Intl.DateTimeFormat(language, options)));
  return format;
}

function relativeFormat(language: string): Intl.RelativeTimeFormat {
  let format = kept.get(language) as Intl.RelativeTimeFormat | undefined;
  if (!format) kept.set(language, (format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })));
  return format;
}

/** "3 min. ago", "yesterday", "Nov 3": as short as it can be told. A clock that is ahead never makes it the future. */
export function relative(at: Date, now: number, language: string): string {
  const ago = Math.max(0, now - at.getTime());
  const format = relativeFormat(language);
  if (ago < MINUTE) return format.format(0, 'second');
  if (ago < HOUR) return format.format(-Math.floor(ago / MINUTE), 'minute');
  if (ago < DAY) return format.format(-Math.floor(ago / HOUR), 'hour');
  if (ago < RELATIVE_MAX) return format.format(-Math.floor(ago / DAY), 'day');
  const sameYear = at.getFullYear() === new Date(now).getFullYear();
  return dateFormat(language, sameYear ? { month: 'short', day: 'numeric' } : { year: 'numeric', month: 'short', day: 'numeric' }).format(at);
}

/** The moment in full, for titles and for the page of one story. */
export function exact(at: Date, language: string): string {
  return dateFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

/** The day as a heading: "today", "yesterday", "Friday, November 20". */
export function day(at: Date, now: number, language: string): string {
  const days = dayNumber(at) - dayNumber(new Date(now));
  if (days >= -1 && days <= 0) {
    return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(days, 'day');
  }
  const sameYear = at.getFullYear() === new Date(now).getFullYear();
  return dateFormat(language, {
    weekday: 'long',
    month: 'long',
    day: 'numeric',
    ...(sameYear ? {} : { year: 'numeric' as const }),
  }).format(at);
}

/** Which local calendar day it is, counted so that neighbours differ by one. */
export function dayNumber(at: Date): number {
  return Math.floor(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / DAY);
}
