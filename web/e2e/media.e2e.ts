// Photos: chosen, described, put in order, posted, seen; also over a reload and without a network.
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { faults } from './axe';
import { EVERY_SIZE, expectComplaints, openAs, picture, story } from './browser';
import { BROKEN, landscape, landscapes } from './photos';
import { eventually, Person } from './town';

const PHOTOS = /사진·동영상 넣기/;

/** The tiles of the photos that are being posted. */
const tiles = (page: Page) => page.getByRole('list', { name: '소식에 넣을 사진' }).getByRole('listitem');

/** Every upload on the page is complete. */
async function uploaded(page: Page, count: number): Promise<void> {
  await expect.poll(() => tiles(page).count()).toBe(count);
  await expect.poll(() => tiles(page).getByRole('progressbar').count(), { timeout: 50_000 }).toBe(0);
}

/** The photo has been loaded and drawn. */
async function drawn(page: Page, count: number): Promise<void> {
  await expect.poll(() => page.$$eval('.gallery img', (images) => (images as HTMLImageElement[]).filter(({ complete, naturalWidth }) => complete && naturalWidth > 0).length), { timeout: 50_000 }).toBeGreaterThanOrEqual(count);
}

describe.each(EVERY_SIZE)('photos, on a %s', (size) => {
  it.each(['light', 'dark'] as const)('are chosen, described, ordered, posted and seen, in the %s theme', async (colorScheme) => {
    const mina = await Person.join();
    const page = await openAs(mina, size, '/compose', { colorScheme });
    await page.getByLabel(PHOTOS).setInputFiles(await landscapes(page, 3));
    await uploaded(page, 3);
    await page.getByLabel('소식 내용').fill('강가의 사진들');
    await picture(page, `compose-photos-${colorScheme}-${size}`);
    expect(await faults(page), 'the composer').toEqual([]);

    await tiles(page).first().getByRole('button', { name: /설명 넣기/ }).click();
    const detail = page.getByRole('dialog');
    await detail.getByRole('heading', { name: '사진 1/3' }).waitFor();
    await detail.getByLabel('설명').fill('강과 언덕 위의 해');
    await picture(page, `compose-detail-${colorScheme}-${size}`);
    expect(await faults(page), 'the description').toEqual([]);
    await detail.getByRole('button', { name: '뒤로 옮기기' }).click();
    await detail.getByRole('button', { name: '완료' }).click();
    await tiles(page).nth(1).getByRole('button', { name: /강과 언덕 위의 해/ }).waitFor();
    await tiles(page).nth(1).getByRole('button', { name: /강과 언덕/ }).press('Shift+ArrowLeft');
    await tiles(page).first().getByRole('button', { name: /강과 언덕 위의 해/ }).waitFor();

    await page.getByRole('button', { name: '올리기', exact: true }).click();
    const posted = story(page, '강가의 사진들');
    await posted.locator('.gallery').waitFor();
    await drawn(page, 3);
    await picture(page, `feed-photos-${colorScheme}-${size}`);
    expect(await faults(page), 'the feed').toEqual([]);

    await posted.getByRole('button', { name: '강과 언덕 위의 해' }).click();
    const viewer = page.getByRole('dialog', { name: `${mina.name}님의 사진` });
    await viewer.getByRole('img', { name: '강과 언덕 위의 해' }).waitFor();
    await picture(page, `viewer-${colorScheme}-${size}`);
    expect(await faults(page), 'the viewer').toEqual([]);
    await page.keyboard.press('ArrowRight');
    await viewer.getByText('2 / 3').waitFor();
    for (let presses = 0; presses < 6; presses += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true);
    }
    await page.keyboard.press('Escape');
    await viewer.waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.querySelector('img')?.getAttribute('alt'))).toBe('강과 언덕 위의 해');
  });

  it('move nothing on the page when they are loaded', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const writing = await openAs(bo, size, '/compose');
    await writing.getByLabel(PHOTOS).setInputFiles(await landscapes(writing, 5));
    await uploaded(writing, 5);
    await writing.getByRole('button', { name: '올리기', exact: true }).click();
    await drawn(writing, 5);
    const page = await openAs(mina, size, 'about:blank');
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(window, { shifts });
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => shifts.push((entry as unknown as { value: number }).value))).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto('/');
    await drawn(page, 5);
    await expect.poll(() => page.evaluate(() => (window as unknown as { shifts: number[] }).shifts.reduce((sum, shift) => sum + shift, 0))).toBeLessThan(0.01);
  });

  it('are there again after a reload, and removed ones are not', async () => {
    const page = await openAs(await Person.join(), size, '/compose');
    await page.getByLabel(PHOTOS).setInputFiles(await landscapes(page, 2));
    await uploaded(page, 2);
    await tiles(page).first().getByRole('button', { name: '1/2 빼기' }).click();
    await tiles(page).first().getByRole('button', { name: /설명 넣기/ }).click();
    await page.getByRole('dialog').getByLabel('설명').fill('남은 사진');
    await page.getByRole('dialog').getByRole('button', { name: '완료' }).click();
    await page.waitForTimeout(400);
    await page.reload();
    await uploaded(page, 1);
    await tiles(page).first().getByRole('button', { name: /남은 사진/ }).waitFor();
    await page.getByRole('button', { name: '올리기', exact: true }).click();
    await page.locator('.gallery').waitFor();
    await expect.poll(() => page.getByRole('img', { name: '남은 사진' }).count()).toBe(1);
  });

  it('chosen without a network are posted once it is back', async () => {
    expectComplaints(/Failed to load resource/, /ERR_INTERNET_DISCONNECTED/, /ERR_NETWORK/, /net::/);
    const mina = await Person.join();
    const page = await openAs(mina, size, '/compose');
    const file = await landscape(page, 7);
    await page.getByLabel(PHOTOS).setInputFiles([file]);
    await uploaded(page, 1);
    await page.context().setOffline(true);
    await page.getByLabel(PHOTOS).setInputFiles([await landscape(page, 8)]);
    await expect.poll(() => tiles(page).count()).toBe(2);
    await page.getByLabel('소식 내용').fill('터널에서 쓴 소식');
    await page.getByRole('button', { name: '올리기', exact: true }).click();
    const waiting = page.getByRole('article', { name: '올리는 중인 내 소식' });
    await waiting.getByText('터널에서 쓴 소식').waitFor();
    await picture(page, `unsent-photos-${size}`);
    await page.context().setOffline(false);
    await waiting.waitFor({ state: 'detached', timeout: 60_000 });
    await story(page, '터널에서 쓴 소식').locator('.gallery').waitFor();
    await drawn(page, 2);
    expect(await mina.feed()).toHaveLength(1);
  });

  it('that are none are refused with the reason, and can be removed', async () => {
    expectComplaints(/status of 4\d\d/);
    const page = await openAs(await Person.join(), size, '/compose');
    await page.getByLabel(PHOTOS).setInputFiles([BROKEN, { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }]);
    await page.getByText('사진이나 동영상이 아닌 파일이에요: notes.txt').waitFor();
    await tiles(page).getByRole('button', { name: /다시 올리기/ }).waitFor();
    await picture(page, `compose-refused-${size}`);
    expect(await faults(page)).toEqual([]);
    await page.getByLabel('소식 내용').fill('글만');
    await expect.poll(() => page.getByRole('button', { name: '올리기', exact: true }).isDisabled()).toBe(true);
    await tiles(page).getByRole('button', { name: '1/1 빼기' }).click();
    await expect.poll(() => page.getByRole('button', { name: '올리기', exact: true }).isDisabled()).toBe(false);
  });

  it('of a story are described, ordered, added and removed later', async () => {
    const mina = await Person.join();
    const page = await openAs(mina, size, '/compose');
    await page.getByLabel(PHOTOS).setInputFiles(await landscapes(page, 2));
    await uploaded(page, 2);
    await page.getByRole('button', { name: '올리기', exact: true }).click();
    await drawn(page, 2);
    const [id] = await mina.feed();
    await page.goto(`/stories/${id}/edit`);
    await expect.poll(() => tiles(page).count()).toBe(2);
    await page.getByLabel(PHOTOS).setInputFiles([await landscape(page, 9)]);
    await expect.poll(() => tiles(page).count()).toBe(3);
    await tiles(page).first().getByRole('button', { name: '1/3 빼기' }).click();
    await tiles(page).nth(1).getByRole('button', { name: /설명 넣기/ }).press('Shift+ArrowLeft');
    await tiles(page).first().getByRole('button', { name: /설명 넣기/ }).click();
    await page.getByRole('dialog').getByLabel('설명').fill('나중에 넣은 사진');
    await page.getByRole('dialog').getByRole('button', { name: '완료' }).click();
    await page.getByRole('button', { name: '저장' }).click();
    await page.waitForURL(`**/stories/${id}`);
    await expect.poll(() => page.locator('.gallery li').count()).toBe(2);
    await expect.poll(() => page.locator('.gallery li').first().getByRole('img', { name: '나중에 넣은 사진' }).count(), { timeout: 50_000 }).toBe(1);
  });
});

describe('ten photos', () => {
  it.each([1, 2, 3, 4, 6, 7, 10])('stand in a grid: %i of them', async (count) => {
    const page = await openAs(await Person.join(), 'phone', '/compose');
    await page.getByLabel(PHOTOS).setInputFiles(await landscapes(page, count));
    await uploaded(page, count);
    if (count === 10) {
      await page.getByLabel(PHOTOS).setInputFiles([await landscape(page, 11)]);
      await page.getByText('소식 하나에 사진과 동영상을 10개까지 넣을 수 있어요.').waitFor();
      await picture(page, 'compose-ten');
    }
    await page.getByRole('button', { name: '올리기', exact: true }).click();
    await page.locator('.gallery').waitFor();
    await drawn(page, count);
    const small = await page.$$eval('.gallery button', (buttons) => buttons.map((button) => button.getBoundingClientRect()).filter(({ width, height }) => Math.min(width, height) < 43.5).length);
    expect(small).toBe(0);
    await picture(page, `grid-${count}`);
  });
});

describe('the viewer', () => {
  it('is closed by the back button, swiped and enlarged with fingers', async () => {
    const page = await openAs(await Person.join(), 'phone', '/compose');
    await page.getByLabel(PHOTOS).setInputFiles(await landscapes(page, 2));
    await uploaded(page, 2);
    await page.getByLabel('소식 내용').fill('두 장');
    await page.getByRole('button', { name: '올리기', exact: true }).click();
    await drawn(page, 2);
    await page.locator('.gallery button').first().tap();
    const viewer = page.getByRole('dialog');
    await viewer.getByText('1 / 2').waitFor();

    const client = await page.context().newCDPSession(page);
    const touch = (type: string, ...points: [number, number][]) =>
      client.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    await touch('touchStart', [300, 400]);
    for (const x of [250, 180, 120]) await touch('touchMove', [x, 402]);
    await touch('touchEnd');
    await viewer.getByText('2 / 2').waitFor();
    await touch('touchStart', [180, 400], [210, 400]);
    for (const by of [20, 50, 80]) await touch('touchMove', [180 - by, 400], [210 + by, 400]);
    await picture(page, 'viewer-pinched');
    await touch('touchEnd');
    await expect.poll(() => page.locator('.slide:not([inert])').evaluate((slide) => new DOMMatrix(getComputedStyle(slide).transform).a)).toBeGreaterThan(2);

    const before = page.url();
    await page.goBack();
    await viewer.waitFor({ state: 'detached' });
    expect(page.url()).toBe(before);
    await story(page, '두 장').waitFor();
  });

  it('closes when its story is deleted', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const writing = await openAs(bo, 'phone', '/compose');
    await writing.getByLabel(PHOTOS).setInputFiles(await landscapes(writing, 1));
    await uploaded(writing, 1);
    await writing.getByLabel('소식 내용').fill('곧 사라질 사진');
    await writing.getByRole('button', { name: '올리기', exact: true }).click();
    await drawn(writing, 1);
    const page = await openAs(mina, 'desktop');
    await story(page, '곧 사라질 사진').locator('.gallery button').click();
    await page.getByRole('dialog').waitFor();
    const [id] = await bo.feed();
    await bo.ask('DELETE', `/v1/stories/${id}`);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await eventually(async () => (await page.getByText('곧 사라질 사진').count()) === 0);
  });
});
