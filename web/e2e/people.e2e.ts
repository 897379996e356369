import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, openAs, picture, story } from './browser';
import { eventually, Person } from './town';

describe.each(EVERY_SIZE)('people, on a %s', (size) => {
  it('are found by any part of a name, asked, and become friends', async () => {
    const [mina, bo] = [await Person.join({ name: '물총새 하나' }), await Person.join({ name: `두루미사랑 ${size}` })];
    const [hers, his] = [await openAs(mina, size, '/search'), await openAs(bo, size)];
    await hers.getByPlaceholder('이름 또는 @아이디').first().fill('루미사');
    const row = hers.locator('.person', { hasText: bo.handle });
    await row.waitFor();
    expect(new URL(hers.url()).searchParams.get('q')).toBe('루미사');
    await picture(hers, `search-${size}`);
    await row.getByRole('button', { name: '친구 신청' }).click();
    await row.getByRole('button', { name: '신청함' }).waitFor();

    // He hears of it live.
    await his.getByText('읽지 않음 1개').waitFor({ state: 'attached' });
    await his.goto('/notifications');
    await his.getByText(`${mina.name}님이 친구가 되고 싶어 해요`).click();
    await his.getByRole('main').getByRole('button', { name: '수락' }).click();
    await his.getByText(`이제 ${mina.name}님과 친구예요`).waitFor();
    await hers.goto('/notifications');
    await hers.getByText(`${bo.name}님이 친구 신청을 수락했어요`).waitFor();
    await picture(hers, `notifications-${size}`);
    await hers.goto('/friends');
    await hers.getByRole('listitem').filter({ hasText: bo.handle }).waitFor();
  });

  it('are followed, and their public stories come home', async () => {
    const [mina, baker] = (await Person.several(2)) as [Person, Person];
    const story1 = await baker.posts('오늘의 빵은 모두에게', 'public');
    const page = await openAs(mina, size, `/@${baker.handle}`);
    await story(page, '오늘의 빵은').waitFor();
    await page.getByRole('main').getByRole('button', { name: '팔로우', exact: true }).click();
    await page.getByRole('button', { name: '팔로잉' }).waitFor();
    await mina.sees(story1);
    await page.getByRole('navigation').getByRole('link', { name: '홈' }).click();
    await page.getByRole('main').getByText('오늘의 빵은').waitFor();
  });

  it('who are muted or blocked are out of sight at once, and can be let back', async () => {
    expectComplaints(/status of 404/);
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const id = await bo.posts('곧 안 보일 소식');
    await mina.sees(id);
    const page = await openAs(mina, size);
    const card = story(page, '곧 안 보일 소식');
    await card.getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: /숨기기/ }).click();
    await eventually(async () => (await card.count()) === 0);

    await page.goto('/settings/hidden/muted');
    await page.getByRole('listitem').filter({ hasText: bo.handle }).getByRole('button', { name: '다시 보기' }).click();
    await page.getByText('숨긴 사람이 없어요').waitFor();
    await page.goto('/');
    await card.waitFor();

    await card.getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: /차단/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: '차단', exact: true }).click();
    await eventually(async () => (await card.count()) === 0);
    await page.goto(`/@${bo.handle}`);
    await page.getByText('찾을 수 없는 사람이에요').waitFor();
    await page.goto('/settings/hidden/blocked');
    await page.getByRole('listitem').filter({ hasText: bo.handle }).getByRole('button', { name: '차단 해제' }).click();
    await page.getByText('차단한 사람이 없어요').waitFor();
  });

  it('see of a profile what they may, and the friendship can be ended', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    await bo.posts('친구에게만 하는 말');
    const page = await openAs(mina, size, `/@${bo.handle}`);
    await story(page, '친구에게만 하는 말').waitFor();
    await picture(page, `profile-${size}`);
    await page.getByRole('button', { name: `${bo.name}님 더 보기 메뉴` }).click();
    await page.getByRole('menuitem', { name: '친구 끊기' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '친구 끊기' }).click();
    await page.getByRole('main').getByRole('button', { name: '친구 신청' }).waitFor();
    await eventually(async () => (await story(page, '친구에게만 하는 말').count()) === 0);
  });
});
