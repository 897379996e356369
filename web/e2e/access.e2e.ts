// For everybody: every page in both themes and sizes is looked at by axe; the client is used by keyboard alone; text may be
// twice as large.
import { beforeAll, describe, expect, it } from 'vitest';

import { faults, settled } from './axe';
import { EVERY_SIZE, openAs, openDevice, picture, scroll, story } from './browser';
import { Person } from './town';

let mina: Person;
let bo: Person;
let told: string;
let pages: [string, string][];

beforeAll(async () => {
  [mina, bo] = [await Person.join({ name: '김민아' }), await Person.join({ name: 'Ana Silva', language: 'en' })];
  const [asking, blocked, muted] = (await Person.several(3)) as [Person, Person, Person];
  await mina.befriends(bo);
  await asking.ask('PUT', `/v1/friend-requests/${mina.id}`);
  await mina.ask('PUT', `/v1/blocks/${blocked.id}`);
  await mina.ask('PUT', `/v1/mutes/${muted.id}`);
  const ids = await bo.postsMany(12, (n) => `A story about @${mina.handle} and #persimmons, number ${n}. https://example.org/${n}`);
  told = ids.at(-1)!;
  await mina.posts('감나무에 까치가 왔어요. #까치', 'public');
  const comment = await mina.comments(told, '정말 반가운 소식이네요!');
  await bo.comments(told, 'So glad you like it.', comment);
  await bo.ask('PUT', `/v1/comments/${comment}/like`);
  const gone = await bo.comments(told, 'Not what I meant.');
  await mina.comments(told, '괜찮아요.', gone);
  await bo.ask('DELETE', `/v1/comments/${gone}`);
  await mina.ask('PUT', `/v1/stories/${told}/like`);
  await mina.ask('PUT', `/v1/stories/${told}/save`);
  await mina.sees(...ids);
  pages = [
    ['home', '/'],
    ['compose', '/compose'],
    ['story', `/stories/${told}`],
    ['likes', `/stories/${told}/likes`],
    ['me', `/@${mina.handle}`],
    ['person', `/@${bo.handle}`],
    ['tag', '/tags/persimmons'],
    ['search', '/search?q=Ana'],
    ['search-nothing', '/search'],
    ['friends', '/friends'],
    ['requests', '/friends/requests'],
    ['sent', '/friends/sent'],
    ['suggestions', '/friends/suggestions'],
    ['invite', '/invite'],
    ['notifications', '/notifications'],
    ['saved', '/saved'],
    ['settings', '/settings'],
    ['privacy', '/settings/privacy'],
    ['profile', '/settings/profile'],
    ['password', '/settings/password'],
    ['sessions', '/settings/sessions'],
    ['delete', '/settings/delete'],
    ['blocked', '/settings/hidden/blocked'],
    ['muted', '/settings/hidden/muted'],
    ['missing', '/no/such/place'],
  ];
});

describe.each(EVERY_SIZE)('on a %s', (size) => {
  it.each(['light', 'dark'] as const)('axe finds nothing wrong with any page in the %s theme', async (colorScheme) => {
    const page = await openAs(mina, size, '/', { colorScheme });
    await story(page, 'number 11').waitFor();
    for (const [name, address] of pages) {
      await page.goto(address);
      await settled(page);
      await picture(page, `${name}-${colorScheme}-${size}`);
      expect(await faults(page), `${name} ${address}`).toEqual([]);
    }
    await page.goto('/');
    await story(page, 'number 11').getByRole('button', { name: /메뉴/ }).click();
    expect(await faults(page), 'an open menu').toEqual([]);
    await page.getByRole('menuitem', { name: /차단/ }).click();
    await page.getByRole('dialog').waitFor();
    expect(await faults(page), 'a question').toEqual([]);
  });

  it.each(['light', 'dark'] as const)('axe finds nothing wrong with the gate in the %s theme', async (colorScheme) => {
    const page = await (await openDevice(size, { colorScheme })).newPage();
    for (const address of ['/log-in', '/log-in?deleted', '/sign-up', '/invite#old', '/no/such/place']) {
      await page.goto(address);
      await settled(page);
      await picture(page, `gate${address.replaceAll(/[/#?]/g, '-')}-${colorScheme}-${size}`);
      expect(await faults(page), address).toEqual([]);
    }
  });

  it('text twice as large needs no scrolling to the side and hides nothing', async () => {
    // On a desktop the page is enlarged: half as many pixels. On a phone the text is.
    const page = await openAs(mina, size, '/', size === 'desktop' ? { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 } : {});
    for (const [name, address] of pages) {
      await page.goto(address);
      await settled(page);
      if (size === 'phone') await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(wide, name).toBeLessThanOrEqual(0);
      await picture(page, `large-${name}-${size}`);
    }
  });

  it('every control can be hit with a finger', async () => {
    const page = await openAs(mina, size);
    for (const [name, address] of pages) {
      await page.goto(address);
      await settled(page);
      const small = await page.$$eval('button, nav a, input:not(.unseen), textarea, a.button', (controls) =>
        controls
          .filter((control) => (control as HTMLElement).offsetParent !== null && !control.closest('.unseen'))
          .map((control) => [control.outerHTML.slice(0, 80), control.getBoundingClientRect()] as const)
          .filter(([, place]) => place.width > 0 && (place.height < 43.5 || place.width < 43.5))
          .map(([html, place]) => `${Math.round(place.width)}×${Math.round(place.height)} ${html}`),
      );
      expect(small, name).toEqual([]);
    }
  });
});

/** Every page in two sizes takes long on a busy machine. */
const TIMEOUT = 240_000;

it('the narrowest phone, one on its side, and paper show everything', async () => {
  const page = await openAs(mina, 'phone');
  for (const [name, address] of pages) {
    await page.goto(address);
    await settled(page);
    for (const viewport of [{ width: 320, height: 640 }, { width: 740, height: 340 }]) {
      await page.setViewportSize(viewport);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(wide, `${name} ${viewport.width}`).toBeLessThanOrEqual(0);
      await picture(page, `${viewport.width}-${name}`);
      if (viewport.height > 400) continue;
      // Bars leave most of a low window to the page.
      const bar = await page.locator('nav').first().boundingBox();
      expect(bar?.height, name).toBeLessThanOrEqual(viewport.height / 6);
    }
  }
  await page.goto(`/stories/${told}`);
  await settled(page);
  await page.emulateMedia({ media: 'print' });
  expect(await page.locator('nav, form, aside, button').filter({ visible: true }).count()).toBe(0);
  await story(page, 'number 11').waitFor();
  await page.getByText('정말 반가운 소식이네요!').waitFor();
}, TIMEOUT);

it.each(['ko-KR', 'ja-JP', 'en-GB'])('on a narrow phone no word of the navigation is broken (%s)', async (locale) => {
  const page = await openAs(mina, 'phone', '/settings', { locale, viewport: { width: 320, height: 640 } });
  await settled(page);
  const lines = await page.$$eval('nav .label', (labels) =>
    labels.filter((label) => label.getClientRects().length > 0).map((label) => {
      const words = document.createRange();
      words.selectNodeContents(label);
      return [label.textContent, words.getClientRects().length];
    }),
  );
  expect(lines).toHaveLength(5);
  expect(lines.filter(([, count]) => count !== 1)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});

describe('by keyboard alone', () => {
  it('one reads, likes, opens menus and leaves them, writes and posts', async () => {
    const page = await openAs(mina, 'desktop');
    await story(page, 'number 11').waitFor();
    await page.keyboard.press('Tab');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('본문으로 가기');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('main');

    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '');
    const tabTo = async (label: RegExp) => {
      for (let presses = 0; presses < 40; presses += 1) {
        if (label.test(await focused())) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`no ${label} in reach, the focus is on ${await focused()}`);
    };
    await tabTo(/^소식 내용$/);
    await page.keyboard.type('키보드로 쓴 소식');
    await page.keyboard.press('Control+Enter');
    await story(page, '키보드로 쓴 소식').locator('footer').waitFor();

    await tabTo(/소식 더 보기 메뉴/);
    await page.keyboard.press('Enter');
    await expect.poll(() => focused()).toContain('고치기');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => focused()).toContain('저장');
    await page.keyboard.press('Escape');
    await expect.poll(() => focused()).toMatch(/더 보기 메뉴/);
    await tabTo(/^좋아요/);
    await page.keyboard.press('Space');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-pressed'))).toBe('true');
  });

  it('the focus follows to the new page, and a question keeps it until it is answered', async () => {
    const page = await openAs(mina, 'desktop', '/settings/hidden/blocked');
    await settled(page);
    await page.getByRole('navigation').first().getByRole('link', { name: '알림' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'main');

    await page.goto(`/@${bo.handle}`);
    await page.getByRole('button', { name: `${bo.name}님 더 보기 메뉴` }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    for (let presses = 0; presses < 5; presses += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true);
    }
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toContain('더 보기 메뉴');
  });

  it('one goes from story to story, searches, writes, and switches the keys off', async () => {
    const page = await openAs(mina, 'desktop');
    await story(page, 'number 11').waitFor();
    const reading = () => page.evaluate(() => document.activeElement?.closest('[data-key]')?.textContent ?? '');
    await page.keyboard.press('j');
    const first = await reading();
    await page.keyboard.press('j');
    await expect.poll(reading).not.toBe(first);
    await page.keyboard.press('k');
    await expect.poll(reading).toBe(first);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/stories/*');
    await page.goBack();
    // Without a search field on the page the key opens the page of the search.
    await story(page, 'number 11').waitFor();
    await page.getByRole('searchbox').first().waitFor();

    await page.keyboard.press('/');
    await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.type)).toBe('search');
    await page.keyboard.type('n?');
    expect(new URL(page.url()).pathname).toBe('/');
    await page.getByRole('link', { name: '홈' }).focus();
    await page.keyboard.press('n');
    await page.waitForURL('**/compose');
    await page.goBack();
    await page.waitForURL((url) => url.pathname === '/');

    await page.getByRole('link', { name: '홈' }).focus();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: '키보드 단축키' });
    await help.waitFor();
    expect(await faults(page), 'the help').toEqual([]);
    await help.getByLabel('단축키 사용').uncheck();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await page.keyboard.press('n');
    await page.keyboard.press('?');
    expect(await help.count()).toBe(0);
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('the tab key goes along the page in the order in which it is drawn', async () => {
    const page = await openAs(mina, 'desktop');
    await story(page, 'number 11').waitFor();
    const tops = await page.$$eval('nav li a', (links) => links.map((link) => link.getBoundingClientRect()).filter(({ height }) => height > 0).map(({ top }) => top));
    expect(tops.length).toBe(7);
    expect(tops).toEqual([...tops].sort((a, b) => a - b));
  });

  it('nothing moves for those who asked for that', async () => {
    const page = await openAs(mina, 'phone');
    await story(page, 'number 11').waitFor();
    await scroll(page, 300);
    const moving = await page.evaluate(() =>
      document.getAnimations().filter((animation) => Number(animation.effect?.getComputedTiming().duration) > 1 && animation.playState === 'running').length,
    );
    expect(moving).toBe(0);
  });
});
