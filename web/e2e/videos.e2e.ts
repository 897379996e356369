// Videos: chosen, uploaded in parts over an interruption, posted, played.
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { faults } from './axe';
import { EVERY_SIZE, expectComplaints, openAs, picture, story } from './browser';
import { Person } from './town';
import { clip } from './videos';

const CHOOSE = /사진·동영상 넣기/;
/** A server on a busy machine may need this long for a short video, in milliseconds. */
const PROCESSED_WITHIN = 120_000;

const tiles = (page: Page) => page.getByRole('list', { name: '소식에 넣을 사진과 동영상' }).getByRole('listitem');
const post = (page: Page) => page.getByRole('button', { name: '올리기', exact: true }).click();

/** What the video on the page does. */
const playing = (page: Page) => page.$eval('.gallery video', (video) => !(video as HTMLVideoElement).paused && (video as HTMLVideoElement).currentTime > 0);

describe.each(EVERY_SIZE)('a video, on a %s', (size) => {
  it('is posted, loads nothing before it is tapped, and then plays with sound', async () => {
    const mina = await Person.join();
    const page = await openAs(mina, size, '/compose');
    await page.getByLabel(CHOOSE).setInputFiles([await clip(3)]);
    await tiles(page).getByRole('button', { name: /^동영상 1\/1/ }).waitFor();
    await expect.poll(() => tiles(page).locator('video').evaluate((video) => (video as HTMLVideoElement).readyState)).toBeGreaterThan(0);
    await page.getByLabel('소식 내용').fill('강가의 동영상');
    await picture(page, `compose-video-${size}`);
    expect(await faults(page), 'the composer').toEqual([]);
    await post(page);

    const loaded: string[] = [];
    page.on('request', (request) => request.url().includes('.mp4') && loaded.push(request.url()));
    const play = story(page, '강가의 동영상').getByRole('button', { name: '동영상 재생' });
    await play.waitFor({ timeout: PROCESSED_WITHIN });
    await picture(page, `feed-video-${size}`);
    expect(await faults(page), 'the feed').toEqual([]);
    expect(loaded).toEqual([]);
    await play.click();
    await expect.poll(() => playing(page)).toBe(true);
    expect(loaded.length).toBeGreaterThan(0);
    expect(await page.$eval('.gallery video', (video) => [(video as HTMLVideoElement).muted, document.activeElement === video])).toEqual([false, true]);
  }, PROCESSED_WITHIN + 60_000);
});

describe('the upload of a large video', () => {
  it('continues where it was when the network is back', async () => {
    expectComplaints(/Failed to load resource/, /net::/);
    const mina = await Person.join();
    const page = await openAs(mina, 'phone', '/compose');
    const asked: string[] = [];
    let parts = 0;
    // The network goes away while the second part is sent.
    await page.context().route(/\/v1\/uploads\//, async (route) => {
      asked.push(route.request().method());
      if (route.request().method() === 'PATCH' && (parts += 1) === 2) {
        await page.context().setOffline(true);
        return route.abort();
      }
      return route.continue();
    });
    let begun = 0;
    page.on('request', (request) => request.method() === 'POST' && request.url().endsWith('/v1/uploads') && (begun += 1));
    await page.getByLabel(CHOOSE).setInputFiles([await clip(8, 16, 80)]);
    await tiles(page).getByRole('progressbar', { name: /다시 연결되면 이어서 올려요/ }).waitFor();
    await page.getByLabel('소식 내용').fill('끊긴 동영상');
    await post(page);
    await page.context().setOffline(false);
    await story(page, '끊긴 동영상').locator('.gallery').waitFor({ timeout: PROCESSED_WITHIN });
    expect(begun).toBe(1);
    expect(asked.slice(0, 4)).toEqual(['PATCH', 'PATCH', 'HEAD', 'PATCH']);
    expect(await mina.feed()).toHaveLength(1);
  }, PROCESSED_WITHIN + 60_000);
});
