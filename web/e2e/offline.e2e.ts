import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, kept, openAs, picture, story } from './browser';
import { eventually, Person } from './town';

describe.each(EVERY_SIZE)('without a network, on a %s', (size) => {
  it('the client opens with the last feed, and sends what one wrote when the network is back', async () => {
    expectComplaints(/Failed to load resource/, /ERR_INTERNET_DISCONNECTED/);
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    await mina.sees(await bo.posts('끊기기 전에 온 소식'));
    const page = await openAs(mina, size);
    await story(page, '끊기기 전에 온 소식').waitFor();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await eventually(() => page.evaluate(async () => (await caches.keys()).length > 0));
    await page.reload();
    await story(page, '끊기기 전에 온 소식').waitFor();
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);

    await page.context().setOffline(true);
    await page.close();
    const later = await page.context().newPage();
    await later.goto('/');
    await story(later, '끊기기 전에 온 소식').waitFor();
    await later.getByText(/연결이 끊겼어요|서버에 연결할 수 없어요/).waitFor();
    await picture(later, `offline-${size}`);

    await later.goto('/compose');
    await later.getByLabel('소식 내용').fill('비행기에서 쓴 소식');
    await later.getByRole('button', { name: '올리기' }).click();
    await later.getByText('다시 연결되면 올라가요').waitFor();
    await later.reload();
    await later.getByText('비행기에서 쓴 소식').waitFor();

    await later.context().setOffline(false);
    await eventually(async () => (await mina.feed()).length === 2);
    await story(later, '비행기에서 쓴 소식').waitFor();
    await expect.poll(() => later.getByText('비행기에서 쓴 소식').count()).toBe(1);
  });

  it('nothing of a person is left on the device after logging out', async () => {
    const mina = await Person.join();
    await mina.posts('내 기기에만');
    const page = await openAs(mina, size);
    await story(page, '내 기기에만').waitFor();
    await eventually(async () => (await kept(page)).includes('내 기기에만'));
    await page.goto('/settings');
    await page.getByRole('button', { name: '로그아웃' }).click();
    await page.waitForURL('**/log-in');
    const left = await kept(page);
    expect(left).not.toContain('내 기기에만');
    expect(left).not.toContain(mina.handle);
  });
});
