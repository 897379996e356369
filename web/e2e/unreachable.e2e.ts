// What a page says and does while the server is away although the device has a network, and what it says of the time.
import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, kept, openAs, openDevice, scroll, story } from './browser';
import { Server } from './server';
import { eventually, PASSWORD, Person } from './town';

/** A server that stops and starts, and several windows, take long on a busy machine. */
const TIMEOUT = 180_000;

describe('while the server is away', () => {
  it('the page says so, keeps what one writes over a reload, and goes on by itself', async () => {
    expectComplaints(/Failed to load resource/, /ERR_CONNECTION_REFUSED/, /error occurred when fetching the script/);
    const server = await Server.fresh();
    try {
      const [mina, bo] = (await Person.several(2, server.url)) as [Person, Person];
      await mina.befriends(bo);
      await mina.sees(await bo.posts('그 전에 온 소식'));
      const other = await bo.posts('읽고 있는 소식');
      const page = await openAs(mina, 'phone');
      await story(page, '그 전에 온 소식').waitFor();
      await page.evaluate(() => navigator.serviceWorker.ready);
      await page.reload();
      await story(page, '그 전에 온 소식').waitFor();
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      await eventually(async () => (await kept(page)).includes('그 전에 온 소식'));

      await server.stop();
      await page.getByText('서버에 연결할 수 없어요').waitFor();
      await page.goto('/compose');
      await page.getByLabel('소식 내용').fill('서버가 없을 때 쓴 소식');
      await page.getByRole('button', { name: '올리기' }).click();
      await page.getByText('다시 연결되면 올라가요').waitFor();
      await page.reload();
      await page.getByText('서버가 없을 때 쓴 소식').waitFor();
      await story(page, '그 전에 온 소식').waitFor();
      const second = await page.context().newPage();
      await second.goto(`/stories/${other}`);
      await second.getByText('소식을 불러오지 못했어요').waitFor();

      await server.start();
      await second.getByText('읽고 있는 소식').waitFor({ timeout: 20_000 });
      await eventually(async () => (await mina.feed()).length === 3);
      await page.getByText('서버에 연결할 수 없어요').waitFor({ state: 'detached' });
      await expect.poll(() => page.getByText('서버가 없을 때 쓴 소식').count()).toBe(1);
    } finally {
      await server.remove();
    }
  }, TIMEOUT);
});

describe('the time', () => {
  it('is the server\'s when the clock of the device is wrong', async () => {
    const mina = await Person.join();
    await mina.posts('방금 쓴 소식');
    const device = await openDevice('phone', { baseURL: mina.url });
    await device.addInitScript(() => {
      const real = Date.now.bind(Date);
      Date.now = () => real() + 5 * 3_600_000;
    });
    await device.request.post('/v1/sessions', { data: { handle: mina.handle, password: PASSWORD } });
    const page = await device.newPage();
    await page.goto('/');
    await story(page, '방금 쓴 소식').getByText('지금').waitFor();
  });
});

describe.each(EVERY_SIZE)('a tab, on a %s', (size) => {
  it('that is new begins at the top, and the one before is still where it was', async () => {
    const mina = await Person.join();
    const ids = await mina.postsMany(30, (n) => `소식 번호 ${n}.`);
    await mina.sees(...ids);
    const page = await openAs(mina, size);
    await story(page, '소식 번호 29.').waitFor();
    for (let step = 0; step < 4; step += 1) await scroll(page, 500);
    const at = await page.evaluate(() => scrollY);
    expect(at).toBeGreaterThan(1000);
    const second = await page.context().newPage();
    await second.goto('/');
    await story(second, '소식 번호 29.').waitFor();
    expect(await second.evaluate(() => scrollY)).toBe(0);
    await page.reload();
    await eventually(async () => (await page.evaluate(() => scrollY)) > 500);
  }, TIMEOUT);
});

it('a session that was ended elsewhere says why, and leads back to the same place', async () => {
  const mina = await Person.join();
  const id = await mina.posts('여기서 읽고 있었어요');
  const page = await openAs(mina, 'phone', `/stories/${id}`);
  await page.getByRole('main').getByText('여기서 읽고 있었어요').waitFor();
  await mina.ask('DELETE', '/v1/sessions');
  await page.getByText('이 기기에서 로그아웃되었어요').waitFor({ timeout: 20_000 });
  await page.getByLabel('아이디').fill(mina.handle);
  await page.getByLabel('비밀번호', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: '로그인', exact: true }).click();
  await page.getByRole('main').getByText('여기서 읽고 있었어요').waitFor();
  expect(new URL(page.url()).pathname).toBe(`/stories/${id}`);
});
