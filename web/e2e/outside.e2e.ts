// What people without an account see: a story, a profile, the page of public stories, and the way in. Nothing of it logs an
// error.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, openDevice, picture, story, type Size } from './browser';
import { Server } from './server';
import { PASSWORD, Person } from './town';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let open: Server;
let mina: Person;
let told: string;
let secret: string;

beforeAll(async () => {
  open = await Server.fresh(['public.page=on']);
  mina = await Person.join({ url: open.url, name: '김민아' });
  const bo = await Person.join({ url: open.url, name: 'Ana Silva', language: 'en' });
  await bo.posts('</title><script>alert(1)</script> in public', 'public');
  told = await mina.posts(`감나무에 까치가 왔어요. #까치 @${bo.handle}`, 'public');
  secret = await mina.posts('only for friends', 'friends');
  await bo.ask('PUT', `/v1/stories/${told}/like`);
});

afterAll(() => open?.remove());

/** A window of nobody. Every error on its console counts, also a request that is refused. */
async function openAsNobody(size: Size, address: string, options = {}): Promise<{ page: Page; errors: string[] }> {
  const page = await (await openDevice(size, { baseURL: open.url, ...options })).newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(address);
  return { page, errors };
}

async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate(() => (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run());
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`));
}

describe.each(EVERY_SIZE)('without an account on a %s', (size) => {
  it('the front page leads to the public stories, and from there to stories and people, without an error', async () => {
    const { page, errors } = await openAsNobody(size, '/');
    await page.waitForURL('**/public');
    await story(page, '감나무에').waitFor();
    expect(await page.locator('article').count()).toBe(2);
    await picture(page, `outside-public-light-${size}`);
    await page.getByRole('link', { name: '김민아' }).click();
    await page.waitForURL(`**/@${mina.handle}`);
    await story(page, '감나무에').waitFor();
    expect(await story(page, 'only for friends').count()).toBe(0);
    await story(page, '감나무에').locator('.words').click({ position: { x: 5, y: 5 } });
    await page.waitForURL(`**/stories/${told}`);
    await page.getByText('로그인하면').waitFor();
    expect(errors).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('axe finds nothing wrong in the %s theme, there is one way in, and nothing is cut off', async (colorScheme) => {
    expectComplaints(/404/);
    const { page, errors } = await openAsNobody(size, '/public', { colorScheme });
    for (const [name, address] of [['public', '/public'], ['story', `/stories/${told}`], ['person', `/@${mina.handle}`], ['gone', `/stories/${secret}`]]) {
      await page.goto(address!);
      await page.waitForFunction(() => document.querySelector('h1') !== null && document.querySelector('.skeletons, .dots') === null);
      await picture(page, `outside-${name}-${colorScheme}-${size}`);
      expect(await page.locator('.button.main').count(), name).toBe(1);
      expect(await faults(page), name).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
    }
    expect(errors.filter((error) => !error.includes('404'))).toEqual([]);
  });
});

it('after logging in one is where one was, with all that one may see', async () => {
  const { page } = await openAsNobody('phone', `/stories/${told}`);
  await story(page, '감나무에').getByRole('button', { name: /좋아요/ }).click();
  await page.waitForURL('**/log-in?next=*');
  await page.getByLabel('아이디').fill(mina.handle);
  await page.getByLabel('비밀번호').fill(PASSWORD);
  await page.getByRole('button', { name: '로그인' }).click();
  await page.waitForURL(`**/stories/${told}`);
  await page.getByRole('heading', { name: '댓글' }).waitFor();
});

it('a story that is hidden is not told from one that never was', async () => {
  expectComplaints(/404/);
  const { page } = await openAsNobody('phone', '/public');
  const read = async (id: string) => {
    const answer = await page.goto(`/stories/${id}`);
    await page.getByText('볼 수 없는 소식이에요').waitFor();
    return [answer?.status(), await answer?.text(), await page.locator('main').innerText()];
  };
  expect(await read(secret)).toEqual(await read('7'));
});

it('programs that preview links get what a stranger may see', async () => {
  const { page } = await openAsNobody('phone', '/public');
  const head = await page.request.get(`/stories/${told}`);
  const text = await head.text();
  expect(text).toContain(`<meta property="og:url" content="${open.url}/stories/${told}" />`);
  expect(text).toContain(`김민아 (@${mina.handle})`);
  expect(await (await page.request.get(`/stories/${secret}`)).text()).not.toContain('only for friends');
});

it('a service without the public page says nothing of it, and logs no error at its gate', async () => {
  const page = await (await openDevice('phone')).newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto('/');
  await page.waitForURL('**/log-in');
  await page.getByRole('button', { name: '로그인' }).waitFor();
  expect(errors).toEqual([]);
});
