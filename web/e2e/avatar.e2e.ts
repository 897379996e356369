// Profile pictures: chosen, cut, shown to others, removed.
import { describe, expect, it } from 'vitest';

import { faults } from './axe';
import { EVERY_SIZE, openAs, picture, story } from './browser';
import { landscape } from './photos';
import { Person } from './town';

/** Longest time until the server has processed the picture, also on a busy machine, in milliseconds. */
const PROCESSED_WITHIN = 50_000;

describe.each(EVERY_SIZE)('a profile picture, on a %s', (size) => {
  it.each(['light', 'dark'] as const)('is cut by keyboard, seen by friends, and removed, in the %s theme', async (colorScheme) => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    await mina.posts('내 얼굴 보여요?');
    const page = await openAs(mina, size, '/settings/profile', { colorScheme });
    await page.getByRole('button', { name: '사진 고르기' }).waitFor();
    await page.locator('input[type=file]').setInputFiles([await landscape(page, 3)]);
    const dialog = page.getByRole('dialog', { name: '프로필 사진' });
    const stage = dialog.getByRole('application');
    await stage.waitFor();
    const before = await stage.locator('img').evaluate((img) => (img as HTMLElement).style.transform);
    await stage.press('+');
    await stage.press('ArrowLeft');
    await expect.poll(() => stage.locator('img').evaluate((img) => (img as HTMLElement).style.transform)).not.toBe(before);
    await picture(page, `avatar-crop-${colorScheme}-${size}`);
    expect(await faults(page), 'the dialog').toEqual([]);
    await dialog.getByRole('button', { name: '저장' }).click();
    await dialog.waitFor({ state: 'detached', timeout: PROCESSED_WITHIN });
    const shown = page.locator('.choice img');
    await expect.poll(() => shown.evaluate((img) => (img as HTMLImageElement).naturalWidth)).toBeGreaterThan(95);
    await picture(page, `avatar-${colorScheme}-${size}`);
    expect(await faults(page), 'the settings').toEqual([]);

    const theirs = await openAs(bo, size, '/', { colorScheme });
    const face = story(theirs, '내 얼굴 보여요?').locator('.face img');
    await expect.poll(() => face.evaluate((img) => (img as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);

    await page.getByRole('button', { name: '사진 지우기' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '사진 지우기' }).click();
    await expect.poll(() => shown.count()).toBe(0);
    await theirs.reload();
    await expect.poll(() => face.count()).toBe(0);
  }, PROCESSED_WITHIN + 60_000);

  it('that the browser cannot open is refused with what to choose', async () => {
    const page = await openAs(await Person.join(), size, '/settings/profile');
    await page.getByRole('button', { name: '사진 고르기' }).waitFor();
    await page.locator('input[type=file]').setInputFiles([{ name: 'a.heic', mimeType: 'image/heic', buffer: Buffer.from('ftypheic') }]);
    await page.getByText('이 브라우저에서 열 수 없는 사진이에요.').waitFor();
    expect(await faults(page)).toEqual([]);
  });
});
