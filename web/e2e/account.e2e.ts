import { describe, expect, it } from 'vitest';

import { faults, settled } from './axe';
import { EVERY_SIZE, expectComplaints, kept, openAs, openDevice, picture, story } from './browser';
import { PASSWORD, Person } from './town';

describe.each(EVERY_SIZE)('an account, on a %s', (size) => {
  it('is made, and one is at home', async () => {
    const page = await (await openDevice(size)).newPage();
    await page.goto('/sign-up');
    await page.getByLabel('이름').fill('새로 온 까치');
    await page.getByLabel('아이디').fill(`gate_${size}`);
    await page.getByLabel('비밀번호', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '가입하기' }).click();
    await page.getByText('아직은 조용하네요').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    await picture(page, `empty-${size}`);
  });

  it('is made by somebody who follows the link of a friend, and then sees whom to ask', async () => {
    const mina = await Person.join({ name: '초대한 까치' });
    const page = await (await openDevice(size)).newPage();
    await page.goto(`/@${mina.handle}`);
    await page.getByRole('link', { name: /가입하기/ }).click();
    await page.getByLabel('이름').fill('초대받은 까치');
    await page.getByLabel('아이디').fill(`guest_${size}`);
    await page.getByLabel('비밀번호', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '가입하기' }).click();
    await page.getByRole('main').getByText('초대한 까치').first().waitFor();
    await page.getByRole('main').getByRole('button', { name: '친구 신청' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/@${mina.handle}`);
  });

  it('is refused with the reason at the field', async () => {
    expectComplaints(/status of 4(09|22)/);
    const taken = await Person.join();
    const page = await (await openDevice(size)).newPage();
    await page.goto('/sign-up');
    await page.getByLabel('이름').fill('까치');
    await page.getByLabel('아이디').fill(taken.handle);
    await page.getByLabel('비밀번호', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '가입하기' }).click();
    await page.getByText('이미 누가 쓰고 있어요').waitFor();
    await expect.poll(() => page.getByLabel('아이디').getAttribute('aria-invalid')).toBe('true');

    await page.getByLabel('아이디').fill('another_gate');
    await page.getByLabel('비밀번호', { exact: true }).fill('password');
    await page.getByRole('button', { name: '가입하기' }).click();
    await page.getByText('쉽게 짐작할 수 있는 비밀번호').waitFor();
  });

  it('is not asked for at the gate, where the answer would be an error', async () => {
    const page = await (await openDevice(size)).newPage();
    const refused: string[] = [];
    page.on('response', (response) => void (response.status() === 401 && refused.push(response.url())));
    for (const [address, title] of [
      ['/log-in', '로그인'],
      ['/sign-up', '가입하기'],
    ] as const) {
      await page.goto(address, { waitUntil: 'networkidle' });
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
    }
    expect(refused).toEqual([]);
  });

  it('says what to do when a neighbour of the site has planted a second session cookie', async () => {
    expectComplaints(/status of 400/);
    const device = await openDevice(size);
    const cookies = ['/', '/v1/'].map((path) => ({ name: 'sosik', value: `of ${path}`, domain: '127.0.0.1', path }));
    await device.addCookies(cookies);
    const page = await device.newPage();
    await page.goto('/');
    await page.getByText('이 사이트의 쿠키를 지우고').waitFor();
    await device.clearCookies();
    await page.getByRole('button', { name: '다시 시도' }).click();
    await page.waitForURL('**/log-in');
  });

  it('leads to where one wanted to go after logging in, and nothing stays after logging out', async () => {
    const person = await Person.join();
    const page = await (await openDevice(size)).newPage();
    await page.goto('/friends/requests');
    await page.waitForURL('**/log-in?next=*');
    await page.getByLabel('아이디').fill(person.handle);
    await page.getByLabel('비밀번호', { exact: true }).fill('wrong-password-1');
    await page.getByRole('button', { name: '로그인', exact: true }).click();
    await page.getByText('아이디나 비밀번호가 맞지 않아요').waitFor();
    await page.getByLabel('비밀번호', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '로그인', exact: true }).click();
    await page.getByText('받은 신청이 없어요').waitFor();

    await page.goto('/settings');
    await page.getByRole('button', { name: '로그아웃' }).click();
    await page.waitForURL('**/log-in');
    expect(await page.evaluate(() => localStorage.getItem('sosik.me'))).toBeNull();
  });

  it('is deleted with everything it shared, and nothing stays on the device', async () => {
    expectComplaints(/status of 4(04|22)/);
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    await bo.sees(await mina.posts('곧 사라질 소식'));
    const friend = await openAs(bo, size);
    await story(friend, '곧 사라질 소식').waitFor();

    const page = await openAs(mina, size);
    const other = await page.context().newPage();
    await other.goto('/');
    await story(other, '곧 사라질 소식').waitFor();
    await page.goto('/settings');
    await page.getByRole('link', { name: '계정 삭제' }).click();
    await expect.poll(() => page.title()).toContain('계정 삭제');
    await page.getByText(`아이디(@${mina.handle})`).waitFor();
    const password = page.getByLabel('지금 비밀번호', { exact: true });
    const confirm = async () => {
      await page.getByRole('main').getByRole('button', { name: '계정 삭제' }).click();
      await page.getByRole('dialog').getByRole('button', { name: '계정 삭제' }).click();
    };
    await password.fill('not-the-password');
    await confirm();
    await page.getByText('지금 비밀번호가 맞지 않아요').waitFor();
    await expect.poll(() => password.evaluate((field) => document.activeElement === field)).toBe(true);
    await settled(page);
    expect(await faults(page)).toEqual([]);
    await picture(page, `delete-${size}`);

    await password.fill(PASSWORD);
    await confirm();
    await page.waitForURL('**/log-in?deleted');
    await page.getByText('계정을 삭제했어요').waitFor();
    // This tab may have noticed first that the session has ended.
    await other.waitForURL(/\/log-in\?(deleted|ended)/);
    const left = await kept(page);
    expect(left).not.toContain('곧 사라질 소식');
    expect(left).not.toContain(mina.handle);

    // The answer is that for an unknown handle.
    const logIn = async (handle: string) => {
      const answer = await page.context().request.post('/v1/sessions', { data: { handle, password: PASSWORD } });
      const { code, detail } = (await answer.json()) as { code: string; detail: string };
      return { status: answer.status(), code, detail };
    };
    expect(await logIn(mina.handle)).toEqual(await logIn(`no_${mina.handle}`));
    await page.getByLabel('아이디').fill(mina.handle);
    await page.getByLabel('비밀번호', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '로그인', exact: true }).click();
    await page.getByText('아이디나 비밀번호가 맞지 않아요').waitFor();

    await friend.reload();
    await friend.getByText('아직은 조용하네요').waitFor();
    expect(await story(friend, '곧 사라질 소식').count()).toBe(0);
    await friend.goto(`/@${mina.handle}`);
    await friend.getByText('찾을 수 없는 사람이에요').waitFor();
  });

  it('leaves nothing of the feed in the HTTP cache after logging out', async () => {
    const page = await openAs(await Person.join(), size);
    await page.getByText('아직은 조용하네요').waitFor();
    const addresses = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .map((entry) => entry.name)
        .filter((name) => name.includes('/v1/')),
    );
    expect(addresses.some((address) => address.includes('/v1/feed?'))).toBe(true);
    const cached = () =>
      page.evaluate(async (addresses) => {
        const found: string[] = [];
        for (const address of addresses) {
          const response = await fetch(address, { cache: 'only-if-cached', mode: 'same-origin' }).catch(() => null);
          if (response?.ok) found.push(address);
        }
        return found;
      }, addresses);
    expectComplaints(/ERR_CACHE_MISS|504/);
    expect(await cached()).toEqual([]);
    await page.goto('/settings');
    await page.getByRole('button', { name: '로그아웃' }).click();
    await page.waitForURL('**/log-in');
    expect(await cached()).toEqual([]);
  });

  it('never shows its token to scripts', async () => {
    const page = await openAs(await Person.join(), size);
    await page.getByText('아직은 조용하네요').waitFor();
    const visible = await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage));
    expect(visible).not.toMatch(/token|sosik=/i);
  });
});
