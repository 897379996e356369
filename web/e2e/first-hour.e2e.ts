import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, openAs, openDevice, picture } from './browser';
import { eventually, PASSWORD, Person } from './town';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with the page. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run());
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`);
}

describe.each(EVERY_SIZE)('the first hour, on a %s', (size) => {
  it('begins with an invitation: who invites is shown, and the two are friends after the sign-up', async () => {
    expectComplaints(/status of 404/);
    const mina = await Person.join({ name: '초대하는 까치' });
    const story = await mina.posts('친구에게만 보이는 소식');
    const hers = await openAs(mina, size, '/invite');
    await hers.getByRole('button', { name: '초대 링크 만들기' }).click();
    await hers.getByRole('img', { name: '초대 링크의 QR 코드' }).waitFor();
    await picture(hers, `invite-own-${size}`);
    expect(await faults(hers)).toEqual([]);
    const link = await hers.locator('.link').innerText();
    expect(new URL(link).hash).toMatch(/^#[\w-]{32}$/);

    const page = await (await openDevice(size)).newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url() + JSON.stringify(request.headers())));
    await page.goto('/invite#cut-off');
    await page.getByText('이제 쓸 수 없는 초대 링크예요').waitFor();
    // Only what is behind the # changes: the document stays.
    await page.goto(link);
    await page.getByRole('heading', { name: '초대하는 까치님이 소식에 초대했어요' }).waitFor();
    await picture(page, `invite-opened-${size}`);
    expect(await faults(page)).toEqual([]);
    await page.getByRole('link', { name: '가입하기' }).click();
    await page.getByText('가입하면 초대하는 까치님과 친구가 돼요').waitFor();
    await picture(page, `invite-sign-up-${size}`);
    expect(await faults(page)).toEqual([]);
    await page.reload();
    await page.getByText('가입하면 초대하는 까치님과 친구가 돼요').waitFor();
    await page.getByLabel('이름').fill('초대받은 까치');
    await page.getByLabel('아이디').fill(`invited_${size}`);
    await page.getByLabel('비밀번호', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '가입하기' }).click();
    await page.getByText('이제 초대하는 까치님과 친구예요').waitFor();
    await page.getByText('친구에게만 보이는 소식').waitFor();
    const token = new URL(link).hash.slice(1);
    expect(asked.filter((request) => request.includes(token) && !request.includes('#'))).toEqual([]);
    expect(story).toBeTruthy();

    await hers.reload();
    await hers.getByText('10명 중 1명 가입').waitFor();
    await hers.getByRole('button', { name: '사용 중지' }).click();
    await hers.getByRole('dialog').getByRole('button', { name: '사용 중지' }).click();
    await hers.getByText('이제 이 링크는 쓸 수 없어요').waitFor();
    const late = await (await openDevice(size)).newPage();
    await late.goto(link);
    await late.getByText('이제 쓸 수 없는 초대 링크예요').waitFor();
    expect(await faults(late)).toEqual([]);
  });

  it('suggests friends of friends on an empty home, and "not now" puts one aside', async () => {
    const [mina, ana, bo] = [
      await Person.join({ name: '첫 시간 까치' }),
      await Person.join({ name: '사이의 까치' }),
      await Person.join({ name: '알 수도 있는 까치' }),
    ];
    await ana.befriends(bo);
    await ana.befriends(mina);
    const suggested = async () => {
      const page = (await mina.ask('GET', '/v1/suggestions')) as { items: { person: { id: string } }[] };
      return page.items.some((one) => one.person.id === bo.id);
    };
    await eventually(suggested);
    const page = await openAs(mina, size);
    const main = page.getByRole('main');
    const row = main.locator('.person', { hasText: bo.handle });
    await row.getByText('함께 아는 친구 1명').waitFor();
    await picture(page, `first-hour-${size}`);
    expect(await faults(page)).toEqual([]);
    await row.getByRole('button', { name: '알 수도 있는 까치님 추천 그만 보기' }).click();
    await row.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '되돌리기' }).click();
    await row.getByRole('button', { name: '친구 신청' }).click();
    await row.getByRole('button', { name: '신청함' }).waitFor();
    await page.goto('/friends/suggestions');
    await main.getByRole('link', { name: '추천' }).waitFor();
    await picture(page, `suggestions-${size}`);
    expect(await faults(page)).toEqual([]);
    expect(await suggested()).toBe(false);
  });
});
