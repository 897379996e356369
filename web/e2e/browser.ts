// Windows of a real browser. Whatever an honest page must not do (errors on the console, refused by the policy) fails the
// test that it happens in.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';

import { startBrowser } from '../scripts/browser.mjs';
import { PASSWORD, type Person } from './town';

export const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  desktop: { viewport: { width: 1280, height: 900 } },
} as const satisfies Record<string, BrowserContextOptions>;

export type Size = keyof typeof SIZES;

/** Both sizes, for `describe.each`. */
export const EVERY_SIZE = Object.keys(SIZES) as Size[];

/** So much of a window's text is told when a test failed. */
const WINDOW_TEXT_MAX = 1_500;

let browser: Browser;
const contexts: BrowserContext[] = [];
let complaints: string[] = [];
let allowed: RegExp[] = [];

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await describeWindows();
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  const heard = complaints.filter((complaint) => !allowed.some((pattern) => pattern.test(complaint)));
  complaints = [];
  allowed = [];
  expect(heard).toEqual([]);
});

/** What stood on the screen when a test failed: without that, a failure on a machine far away cannot be understood. */
async function describeWindows(): Promise<void> {
  for (const page of contexts.flatMap((context) => context.pages())) {
    const text = await page.evaluate(() => document.body.innerText).catch((error: unknown) => String(error));
    console.error(`${page.url()} showed:\n${text.slice(0, WINDOW_TEXT_MAX)}`);
  }
}

/** The browser itself reports failed requests; a test that makes them fail says so. */
export function expectComplaints(...patterns: RegExp[]): void {
  allowed.push(...patterns);
}

/** Opens a device of this size: its own cookies, its own storage. */
export async function openDevice(size: Size, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({
    ...SIZES[size],
    baseURL: inject('url'),
    locale: 'ko-KR',
    timezoneId: 'Asia/Seoul',
    reducedMotion: 'reduce',
    ...options,
  });
  contexts.push(context);
  context.on('page', (page) => {
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/401 \(Unauthorized\)/.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
    });
  });
  return context;
}

/** A window in which this person is logged in, at an address. */
export async function openAs(person: Person, size: Size, address = '/', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await openDevice(size, { baseURL: person.url, ...options });
  const response = await context.request.post('/v1/sessions', { data: { handle: person.handle, password: PASSWORD } });
  expect(response.status()).toBe(201);
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

/** The ids of the stories that exist on the page, from the top. */
export function storiesOn(page: Page): Promise<string[]> {
  return page.$$eval('[role=feed] [data-key]', (rows) => rows.map((row) => row.getAttribute('data-key') ?? ''));
}

/** Scrolls by so many pixels, and waits until what belongs there has been drawn. */
export function scroll(page: Page, by: number): Promise<void> {
  return page.evaluate(
    (by) =>
      new Promise<void>((done) => {
        scrollBy({ top: by, behavior: 'instant' });
        requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done())));
      }),
    by,
  );
}

/** A story's card by its text. */
export function story(page: Page, text: string) {
  return page.locator('article', { hasText: text });
}

/** Everything that the page keeps on the device, as one text. */
export function kept(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((done) => {
        const open = indexedDB.open('sosik');
        open.onsuccess = () => {
          const shelves = [...open.result.objectStoreNames];
          const found: unknown[] = [];
          const transaction = open.result.transaction(shelves);
          for (const shelf of shelves) {
            transaction.objectStore(shelf).getAll().onsuccess = (event) => found.push((event.target as IDBRequest).result);
          }
          transaction.oncomplete = () => {
            open.result.close();
            done(JSON.stringify(found) + JSON.stringify(localStorage) + JSON.stringify(sessionStorage));
          };
        };
      }),
  );
}

/** A picture to be compared by eye, when somebody asked for pictures. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['E2E_SHOTS'];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
