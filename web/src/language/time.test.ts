import { describe, expect, it } from 'vitest';

import { day, relative } from './time';

const now = new Date(2026, 10, 22, 15, 0, 0).getTime();
const ago = (minutes: number) => new Date(now - minutes * 60_000);

describe('relative times', () => {
  it.each([
    [0, 'now', '지금', '今'],
    [3, '3 min. ago', '3분 전', '3 分前'],
    [120, '2 hr. ago', '2시간 전', '2 時間前'],
    [24 * 60, 'yesterday', '어제', '昨日'],
  ])('%i minutes ago are said in three languages', (minutes, en, ko, ja) => {
    const said = (language: string) => relative(ago(minutes), now, language).replace(/\s+/g, ' ');
    expect(said('en')).toBe(en);
    expect(said('ko')).toBe(ko);
    expect(said('ja').replace(/ /g, '')).toBe(ja.replace(/ /g, ''));
  });

  it('become dates after a week, with the year when it is another', () => {
    expect(relative(ago(20 * 24 * 60), now, 'en')).toBe('Nov 2');
    expect(relative(ago(400 * 24 * 60), now, 'en')).toBe('Oct 18, 2025');
  });

  it('are never in the future, however wrong the clock', () => {
    expect(relative(new Date(now + 90_000), now, 'en')).toBe('now');
  });
});

describe('days', () => {
  it('are named by the calendar and not by 24 hours', () => {
    expect(day(new Date(2026, 10, 21, 23, 59), now, 'en')).toBe('yesterday');
    expect(day(new Date(2026, 10, 22, 0, 1), now, 'ko')).toBe('오늘');
    expect(day(new Date(2026, 10, 20, 23, 59), now, 'en')).toBe('Friday, November 20');
  });
});
