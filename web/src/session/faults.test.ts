import { describe, expect, it } from 'vitest';

import { bioFault, handleFault, nameFault, passwordFault } from './faults';

describe('what is wrong with what one enters about oneself', () => {
  it.each([
    ['mina', null],
    [' @Mina_9 ', null],
    ['', 'handle_too_short'],
    ['ab', 'handle_too_short'],
    ['9lives', 'handle_characters'],
    ['미나', 'handle_characters'],
    ['a'.repeat(21), 'handle_too_long'],
  ])('the handle "%s": %s', (text, fault) => expect(handleFault(text)).toBe(fault));

  it.each([
    ['1234567', 'password_too_short'],
    ['12345678', null],
    ['🐦'.repeat(128), null],
    ['🐦'.repeat(129), 'password_too_long'],
  ])('the password "%s": %s', (text, fault) => expect(passwordFault(text)).toBe(fault));

  it('an empty name, and too many words', () => {
    expect([nameFault(' '), nameFault('민아')]).toEqual(['display_name_empty', null]);
    expect([bioFault('가'.repeat(300)), bioFault('가'.repeat(301))]).toEqual([null, 'bio_too_long']);
  });
});
