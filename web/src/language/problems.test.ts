// What the client says about a failed request, held to the codes that the server has.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import en from './en';
import ja from './ja';
import ko from './ko';

const every: Record<string, Record<string, unknown>> = { en, ja, ko };

/**
 * Codes without a text, each with the reason. When the client gets one all the same, the person sees the request id
 * (`problem.unknown`), which is what the operator needs.
 */
const NEVER_SHOWN: Record<string, string> = {
  admin_token_required: 'only the administration listener sends it',
  body_invalid: 'only a fault of the client causes it',
  body_unreadable: 'the connection is lost, so that nobody receives it',
  cursor_invalid: 'lists start over from the top',
  idempotency_key_invalid: 'only a fault of the client causes it',
  invitation_days_invalid: 'the client does not choose',
  invitation_people_invalid: 'the client does not choose',
  json_invalid: 'only a fault of the client causes it',
  method_not_allowed: 'only a fault of the client causes it',
  page_limit_invalid: 'only a fault of the client causes it',
  query_invalid: 'only a fault of the client causes it',
  unsupported_media_type: 'only a fault of the client causes it',
  upload_busy: 'the client waits and continues',
  upload_checksum: 'the client sends none',
  upload_header_invalid: 'only a fault of the client causes it',
  upload_offset: 'the client continues from the offset of the answer',
  upload_spent: 'the client begins the upload again',
  upload_too_long: 'only a fault of the client causes it',
  upload_version: 'only a fault of the client causes it',
};

/** What the client itself says where the server sends no code. */
const OF_THE_CLIENT = ['file_gone', 'media_lost', 'offline', 'unknown'];

const read = (path: string) => readFileSync(`../${path}`, 'utf8');

/** A description in the OpenAPI document names codes like `this`, and several at once like `password_…`. */
function documented(): string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('description' in value && 'content' in value && 'application/problem+json' in (value.content as object)) {
      for (const [, code] of String(value.description).matchAll(/`([a-z_]+…?)`/g)) found.add(code!);
    }
    Object.values(value).forEach(visit);
  };
  visit(JSON.parse(read('docs/openapi.json')));
  return [...found];
}

/** The codes that the server's sources define: of problems, of the rules that a text or a request can break, and of media. */
function defined(): string[] {
  const problems = read('crates/api/src/problem/mod.rs').matchAll(/\(\s*(?:StatusCode::\w+|\w+\(\)),\s*"(\w+)",?\s*\)/g);
  const rules = read('crates/feed/src/rules.rs').matchAll(/=> "([a-z_]+)",/g);
  const media = read('crates/api/src/render/media.rs').matchAll(/: &str = "(\w+)";/g);
  return [...new Set([...problems, ...rules, ...media].map(([, code]) => code!))];
}

const isCovered = (messages: Record<string, unknown>, code: string) => `problem.${code}` in messages || code in NEVER_SHOWN;

describe.each(Object.entries(every))('problems in %s', (_language, messages) => {
  it('have a text for every code of the server, or a reason why nobody sees it', () => {
    const codes = defined();
    expect(codes.length).toBeGreaterThan(50);
    expect(codes.filter((code) => !isCovered(messages, code))).toEqual([]);
  });

  it('have a text for every code of the API document, or a reason why nobody sees it', () => {
    const codes = documented().filter((code) => !code.endsWith('…'));
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !isCovered(messages, code))).toEqual([]);
  });

  it('have no text for a code that the server does not have', () => {
    const known = new Set([...defined(), ...OF_THE_CLIENT]);
    const texts = Object.keys(messages).flatMap((key) => (key.startsWith('problem.') ? [key.slice('problem.'.length)] : []));
    expect(texts.filter((code) => !known.has(code) || code in NEVER_SHOWN)).toEqual([]);
  });
});

describe('the codes of the server', () => {
  it('are the ones of the API document', () => {
    const codes = defined();
    const unknown = documented().filter((name) => !codes.some((code) => (name.endsWith('…') ? code.startsWith(name.slice(0, -1)) : code === name)));
    expect(unknown).toEqual([]);
  });

  it('include those without a text', () => {
    const codes = defined();
    expect(Object.keys(NEVER_SHOWN).filter((code) => !codes.includes(code))).toEqual([]);
  });
});
