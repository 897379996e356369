import { beforeEach, describe, expect, it, vi } from 'vitest';

let clock: typeof import('./clock.svelte');

const HOUR = 3_600_000;
const header = (ahead: number) => new Date(Date.now() + ahead).toUTCString();

// Each test is a document of its own.
async function begins(): Promise<void> {
  vi.resetModules();
  clock = await import('./clock.svelte');
}

beforeEach(async () => {
  localStorage.clear();
  await begins();
});

const ahead = () => Math.round((clock.present() - Date.now()) / 1000);

describe('the clock', () => {
  it('is the server\'s when the device\'s is wrong, also at the next start', async () => {
    clock.serverSaid(header(-3 * HOUR));
    expect(Math.abs(ahead() + 3 * 3600)).toBeLessThanOrEqual(1);
    expect(Math.abs(clock.now() - clock.present())).toBeLessThan(1000);
    await begins();
    expect(Math.abs(ahead() + 3 * 3600)).toBeLessThanOrEqual(1);
  });

  it('is the device\'s again when that has been set right', async () => {
    clock.serverSaid(header(HOUR));
    clock.serverSaid(header(0));
    expect(ahead()).toBe(0);
    await begins();
    expect(ahead()).toBe(0);
  });

  it.each([['small differences', header(3_000)], ['rubbish', 'yesterday'], ['nothing', null]])('does not follow %s', (_what, date) => {
    clock.serverSaid(date);
    expect(ahead()).toBe(0);
  });
});
