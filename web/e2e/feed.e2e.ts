import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, kept, openAs, picture, scroll, storiesOn, story } from './browser';
import { Server } from './server';
import { eventually, Person } from './town';

/** The end of the feed has been said, and stands in the window. */
function isAtEnd(page: Page): Promise<boolean> {
  // Both in one look: the list may grow between two.
  return page.evaluate(() => {
    const isAtBottom = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    return isAtBottom && document.body.innerText.includes('맨 처음 소식까지');
  });
}

interface Place {
  key: string;
  at: number;
}

/** The story at the top of the window, and where it stands. */
function topStory(page: Page): Promise<Place> {
  return page.evaluate(() => {
    const row = [...document.querySelectorAll('[role=feed] [data-key]')].find((element) => element.getBoundingClientRect().bottom > 0);
    return { key: row?.getAttribute('data-key') ?? '', at: Math.round(row?.getBoundingClientRect().top ?? 0) };
  });
}

/** The page shows this place again, as far as pixels are whole. */
async function isBackAt(page: Page, place: Place): Promise<void> {
  await eventually(async () => {
    const { key, at } = await topStory(page);
    return key === place.key && Math.abs(at - place.at) <= 2;
  });
}

async function friends(url?: string): Promise<[Person, Person]> {
  const [a, b] = (await Person.several(2, url)) as [Person, Person];
  await a.befriends(b);
  return [a, b];
}

describe.each(EVERY_SIZE)('the home feed, on a %s', (size) => {
  it('offers what comes in live, and moves nothing until asked', async () => {
    const [mina, bo] = await friends();
    await mina.sees(...(await bo.postsMany(12, (n) => `old story ${n}`)));
    const page = await openAs(mina, size);
    await story(page, 'old story 11').waitFor();
    await scroll(page, 600);
    const place = () => page.evaluate(() => [scrollY, document.querySelector('[role=feed] [data-key]')?.getAttribute('data-key')]);
    const before = await place();

    await bo.posts('fresh off the wire');
    const pill = page.getByRole('button', { name: '새 소식 1개' });
    await pill.waitFor();
    expect(await place()).toEqual(before);
    expect(await story(page, 'fresh off the wire').count()).toBe(0);
    await expect.poll(() => page.title()).toContain('(1)');
    await picture(page, `pill-${size}`);

    await pill.click();
    await story(page, 'fresh off the wire').waitFor();
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
    await expect.poll(() => pill.count()).toBe(0);
  });

  it('shows two people each other’s stories live', async () => {
    const [mina, bo] = await friends();
    const [hers, his] = [await openAs(mina, size), await openAs(bo, size)];
    await hers.getByText('아직은 조용하네요').waitFor();
    await his.getByText('아직은 조용하네요').waitFor();
    for (const [writer, reader, text] of [
      [hers, his, '까치가 왔어요'],
      [his, hers, '반가워요!'],
    ] as const) {
      await writer.goto('/compose');
      await writer.getByLabel('소식 내용').fill(text);
      await writer.getByRole('button', { name: '올리기' }).click();
      await story(writer, text).waitFor();
      await reader.getByRole('button', { name: /새 소식/ }).click();
      await story(reader, text).waitFor();
    }
  });

  it('leaves nothing out and repeats nothing, however far one scrolls, while stories come and go', async () => {
    const [mina, bo] = await friends();
    const ids = await bo.postsMany(150, (n) => `story ${n} ${'까치 '.repeat(n % 40)}`);
    await mina.sees(ids.at(-1)!);
    const page = await openAs(mina, size);
    await story(page, 'story 149').waitFor();
    const gone = ids[20]!;
    const seen = new Set<string>();
    for (let step = 0; step < 400 && !(await isAtEnd(page)); step += 1) {
      for (const id of await storiesOn(page)) seen.add(id);
      if (step === 3) await bo.posts('came while scrolling');
      if (step === 5) await bo.ask('DELETE', `/v1/stories/${gone}`);
      await scroll(page, 700);
    }
    for (const id of await storiesOn(page)) seen.add(id);
    seen.delete(gone);
    expect([...seen].sort()).toEqual(ids.filter((id) => id !== gone).sort());
    const shown = await storiesOn(page);
    expect(shown.length).toBeLessThan(60);
    expect(new Set(shown).size).toBe(shown.length);
  });

  it('is as one left it when one comes back from a story, and after a reload', async () => {
    const [mina, bo] = await friends();
    await mina.sees(...(await bo.postsMany(60, (n) => `story ${n} ${'word '.repeat((n * 7) % 60)}`)));
    const page = await openAs(mina, size);
    await story(page, 'story 59').waitFor();
    for (let step = 0; step < 8; step += 1) {
      await scroll(page, 600);
    }
    const before = await topStory(page);
    await page.evaluate(() => {
      const links = [...document.querySelectorAll<HTMLElement>('a.comments')];
      links.find((link) => link.getBoundingClientRect().top > 200)?.click();
    });
    await page.waitForURL('**/stories/*');
    await page.getByLabel('내 댓글').waitFor();
    await page.goBack();
    await eventually(async () => JSON.stringify(await topStory(page)) === JSON.stringify(before));

    // The feed is kept when the browser has time, which a busy machine has late.
    await eventually(async () => (await kept(page)).includes(`"id":"${before.key}"`));
    await page.reload();
    await isBackAt(page, before);
  });

  it('is as one left it after a reload when the device kept nothing of it', async () => {
    const [mina, bo] = await friends();
    await mina.sees(...(await bo.postsMany(60, (n) => `story ${n} ${'word '.repeat((n * 7) % 60)}`)));
    const page = await openAs(mina, size);
    // As in a private window, which may refuse the database.
    await page.addInitScript(() => Object.defineProperty(window, 'indexedDB', { value: undefined }));
    await page.reload();
    await story(page, 'story 59').waitFor();
    for (let step = 0; step < 8; step += 1) {
      await scroll(page, 600);
    }
    const before = await topStory(page);
    await page.reload();
    await isBackAt(page, before);
  });

  it('marks what is new, and the mark is the same on another device', async () => {
    const [mina, bo] = await friends();
    await mina.sees(await bo.posts('read on the first device'));
    const first = await openAs(mina, size);
    await story(first, 'read on the first device').waitFor();
    await eventually(async () => ((await mina.ask('GET', '/v1/feed/read-position')) as { story: string | null }).story !== null);
    await mina.sees(await bo.posts('not read yet'));

    const second = await openAs(mina, size);
    await second.getByText('여기까지 읽었어요').waitFor();
    await expect.poll(() => story(second, 'not read yet').getAttribute('class')).toContain('fresh');
    await expect.poll(() => story(second, 'read on the first device').getAttribute('class')).not.toContain('fresh');
    await picture(second, `line-${size}`);
  });
});

describe('the home feed', () => {
  it('goes on when the server restarts while one scrolls, and catches up with what one missed', async () => {
    expectComplaints(/Failed to load resource/, /ERR_CONNECTION_REFUSED/, /status of 50/, /error occurred when fetching the script/);
    const server = await Server.fresh();
    try {
      const [mina, bo] = await friends(server.url);
      const ids = await bo.postsMany(90, (n) => `story ${n}`);
      await mina.sees(ids.at(-1)!);
      const page = await openAs(mina, 'phone');
      await story(page, 'story 89').waitFor();
      await server.stop();
      for (let step = 0; step < 12; step += 1) {
        await scroll(page, 900);
      }
      await server.start();
      await bo.posts('said after the restart');
      await page.getByRole('button', { name: '새 소식 1개' }).waitFor({ timeout: 20_000 });
      for (let step = 0; step < 200 && !(await isAtEnd(page)); step += 1) {
        const again = page.getByRole('button', { name: '다시 시도' });
        if (await again.isVisible()) await again.click();
        await scroll(page, 900);
      }
      await story(page, 'story 0').last().waitFor();
    } finally {
      await server.remove();
    }
  });

  it('is refreshed by pulling it down', async () => {
    const [mina, bo] = await friends();
    await mina.sees(await bo.posts('there before'));
    const page = await openAs(mina, 'phone');
    await story(page, 'there before').waitFor();
    const touch = await page.context().newCDPSession(page);
    const at = (type: 'touchStart' | 'touchMove' | 'touchEnd', y: number) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x: 200, y }] });
    await page.evaluate(() => dispatchEvent(new Event('offline')));
    const id = await bo.posts('pulled down');
    await mina.sees(id);
    await at('touchStart', 150);
    for (let y = 170; y <= 420; y += 25) await at('touchMove', y);
    await at('touchEnd', 420);
    await story(page, 'pulled down').waitFor();
  });
});
