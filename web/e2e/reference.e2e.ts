import { describe, expect, inject, it } from 'vitest';

import { EVERY_SIZE, openAs, picture } from './browser';
import { Person } from './town';

describe.each(EVERY_SIZE)('the API reference, on a %s', (size) => {
  it('shows every call, tries one as who is logged in, and asks nobody else', async () => {
    const person = await Person.join();
    const page = await openAs(person, size, '/');
    const asked = new Set<string>();
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) asked.add(new URL(request.url()).origin);
    });
    await page.goto('/docs');
    await page.locator('#operations-feed-read_feed').waitFor();
    const described = (await (await fetch(`${inject('url')}/openapi.json`)).json()) as { paths: Record<string, object> };
    const calls = Object.values(described.paths).flatMap((path) => Object.keys(path));
    expect(await page.locator('.opblock').count()).toBe(calls.length);

    const feed = page.locator('#operations-feed-read_feed');
    await feed.locator('.opblock-summary-control').click();
    await feed.getByRole('button', { name: 'Try it out' }).click();
    await feed.getByRole('button', { name: 'Execute' }).click();
    await feed.locator('.live-responses-table', { hasText: '200' }).waitFor();
    await picture(page, `reference-${size}`);
    expect([...asked]).toEqual([inject('url')]);
  });
});
