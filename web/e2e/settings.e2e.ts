import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, openAs, openDevice, picture } from './browser';
import { eventually, PASSWORD, Person } from './town';

describe.each(EVERY_SIZE)('settings, on a %s', (size) => {
  it('change the language of everything at once, and it stays', async () => {
    const page = await openAs(await Person.join(), size, '/settings');
    for (const [name, lang, heading] of [
      ['English', 'en', 'Settings'],
      ['日本語', 'ja', '設定'],
      ['한국어', 'ko', '설정'],
      ['English', 'en', 'Settings'],
    ] as const) {
      await page.getByText(name, { exact: true }).click();
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await expect.poll(() => page.getAttribute('html', 'lang')).toBe(lang);
      await picture(page, `settings-${lang}-${size}`);
    }
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  });

  it('choose the theme, before the first paint too', async () => {
    const page = await openAs(await Person.join(), size, '/settings', { colorScheme: 'light' });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const light = await ground();
    await page.getByText('어둡게').click();
    await expect.poll(() => ground()).not.toBe(light);
    const dark = await ground();
    await page.reload({ waitUntil: 'commit' });
    await page.waitForSelector('html[data-theme=dark]');
    expect(await ground()).toBe(dark);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByText('밝게').click();
    await expect.poll(() => ground()).toBe(light);
  });

  it('show where one is logged in, and end it there', async () => {
    const mina = await Person.join();
    const there = await openAs(mina, size);
    await there.getByText('아직은 조용하네요').waitFor();
    const here = await openAs(mina, size, '/settings/sessions');
    await here.getByText('이 기기', { exact: true }).waitFor();
    const others = here.getByRole('button', { name: '로그아웃', exact: true });
    await eventually(async () => (await others.count()) === 2);
    await here.getByRole('button', { name: '다른 기기에서 모두 로그아웃' }).click();
    await here.getByRole('dialog').getByRole('button', { name: '다른 기기에서 모두 로그아웃' }).click();
    await here.getByText('로그아웃했어요').waitFor();
    // The live stream ends with its session, and takes the page with it.
    await there.waitForURL('**/log-in?*', { timeout: 15_000 });
  });

  it('change the password, with what is wrong said at the field', async () => {
    expectComplaints(/status of 422/);
    const mina = await Person.join();
    const page = await openAs(mina, size, '/settings/password');
    await page.getByLabel('지금 비밀번호', { exact: true }).fill('not-the-password');
    await page.getByLabel('새 비밀번호', { exact: true }).fill('another-hill-entirely-9');
    await page.getByRole('button', { name: '저장' }).click();
    await page.getByText('지금 비밀번호가 맞지 않아요').waitFor();
    await page.getByLabel('지금 비밀번호', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '저장' }).click();
    await page.getByText('비밀번호를 바꿨어요').waitFor();
    const old = await fetch(`${mina.url}/v1/sessions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ handle: mina.handle, password: PASSWORD }),
    });
    expect(old.status).toBe(401);
  });

  it('change what others see', async () => {
    const page = await openAs(await Person.join(), size, '/settings/profile');
    await page.getByLabel('이름').fill('새 이름 까치');
    await page.getByLabel('소개').fill('감나무 집 둘째');
    await page.getByRole('button', { name: '저장' }).click();
    await page.getByText('프로필을 저장했어요').waitFor();
    await page.getByRole('navigation').first().getByRole('link', { name: '나', exact: true }).click();
    await page.getByText('감나무 집 둘째').waitFor();
    await expect.poll(() => page.title()).toContain('새 이름 까치');
  });
});

describe('the language', () => {
  it.each([
    ['ko-KR', 'ko', '로그인'],
    ['en-GB', 'en', 'Log in'],
    ['ja-JP', 'ja', 'ログイン'],
    ['fr-FR', 'en', 'Log in'],
  ])('of a browser that speaks %s is %s', async (locale, lang, title) => {
    const page = await (await openDevice('phone', { locale })).newPage();
    await page.goto('/');
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    await expect.poll(() => page.getAttribute('html', 'lang')).toBe(lang);
  });
});

describe('addresses', () => {
  it('that lead nowhere say so', async () => {
    const page = await openAs(await Person.join(), 'phone', '/no/such/place');
    await page.getByText('까치도 아무것도 찾지 못했어요').waitFor();
    await expect.poll(() => page.title()).toContain('없는 페이지');
  });

  it('follow back and forward, with their titles', async () => {
    const mina = await Person.join();
    const page = await openAs(mina, 'desktop');
    const nav = page.getByRole('navigation').first();
    await nav.getByRole('link', { name: '알림' }).click();
    await page.waitForFunction(() => document.title.startsWith('알림'));
    await nav.getByRole('link', { name: '친구' }).click();
    await page.waitForFunction(() => document.title.startsWith('친구'));
    await page.goBack();
    await page.waitForFunction(() => document.title.startsWith('알림'));
    await page.goForward();
    await page.waitForFunction(() => document.title.startsWith('친구'));
    await page.goBack();
    await page.goBack();
    await page.waitForFunction(() => document.title === '소식');
    expect(new URL(page.url()).pathname).toBe('/');
  });
});
