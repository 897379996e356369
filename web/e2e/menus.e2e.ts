import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, openAs, openDevice, SIZES } from './browser';
import { PASSWORD, Person } from './town';

/** Every item of the open menu is in the window, and nothing lies over it. */
async function reachable(page: Page): Promise<void> {
  const items = await page.getByRole('menuitem').all();
  expect(items.length).toBeGreaterThan(0);
  for (const item of items) expect(await isOnTop(item), await item.innerText()).toBe(true);
}

function isOnTop(item: Locator): Promise<boolean> {
  return item.evaluate((node) => {
    const { left, top, right, bottom } = node.getBoundingClientRect();
    const [middle, centre] = [(left + right) / 2, (top + bottom) / 2];
    const points = [
      [left + 8, centre],
      [right - 8, centre],
      [middle, top + 4],
      [middle, bottom - 4],
    ] as const;
    return points.every(([x, y]) => node.contains(document.elementFromPoint(x, y)));
  });
}

describe.each(EVERY_SIZE)('no menu is cut off or covered, on a %s', (size) => {
  it('on the profile of a friend without a word about themselves', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const page = await openAs(mina, size, `/@${bo.handle}`);
    await page.getByRole('button', { name: `${bo.name}님 더 보기 메뉴` }).click();
    await reachable(page);
    await page.getByRole('menuitem', { name: /차단/ }).click();
    await page.getByRole('dialog').waitFor();
  });

  it('at the last comment, whose buttons are not covered while it is edited', async () => {
    const mina = await Person.join();
    const id = await mina.posts('댓글이 많은 소식');
    for (let n = 0; n < 14; n += 1) await mina.comments(id, `댓글 ${n}`);
    const page = await openAs(mina, size, `/stories/${id}`);
    const last = page.getByRole('listitem').filter({ hasText: '댓글 13' });
    await last.waitFor();
    await page.evaluate(() => scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' }));
    await last.getByRole('button', { name: /메뉴/ }).click();
    await reachable(page);
    await page.getByRole('menuitem', { name: '댓글 고치기' }).click();
    await page.getByRole('textbox', { name: '댓글 고치기' }).waitFor();
    await expect.poll(() => isOnTop(page.getByRole('button', { name: '저장' }))).toBe(true);
  });
});

it('a menu follows its button when the page is scrolled', async () => {
  const mina = await Person.join();
  const ids = await mina.postsMany(12, (n) => `소식 ${n}`);
  await mina.sees(...ids);
  const page = await (await openDevice('phone', { ...SIZES.phone, baseURL: mina.url })).newPage();
  await page.request.post('/v1/sessions', { data: { handle: mina.handle, password: PASSWORD } });
  await page.goto('/');
  const button = page.locator('article', { hasText: '소식 11' }).getByRole('button', { name: /메뉴/ });
  await button.click();
  const below = async () => {
    const [opener, list] = [await button.boundingBox(), await page.getByRole('menu').boundingBox()];
    return Math.round((list?.y ?? 0) - (opener?.y ?? 0) - (opener?.height ?? 0));
  };
  expect(await below()).toBe(4);
  await page.evaluate(() => scrollBy({ top: 60, behavior: 'instant' }));
  await expect.poll(below).toBe(4);
});
