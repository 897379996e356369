import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, openAs, picture, story } from './browser';
import { Person } from './town';

describe.each(EVERY_SIZE)('privacy, on a %s', (size) => {
  it('is set by choices that are kept at once, by keyboard too', async () => {
    const page = await openAs(await Person.join(), size, '/settings');
    await page.getByRole('link', { name: '공개 범위와 소통' }).click();
    const mentions = page.getByRole('group', { name: '나를 언급할 수 있는 사람' });
    const requests = page.getByRole('group', { name: '나에게 친구 신청을 보낼 수 있는 사람' });
    await expect.poll(() => mentions.getByLabel('모두').isChecked()).toBe(true);
    await mentions.getByText('친구', { exact: true }).click();
    await page.getByText('설정을 저장했어요').first().waitFor();
    await requests.getByLabel('모두').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => requests.getByLabel('친구의 친구').isChecked()).toBe(true);
    await picture(page, `privacy-${size}`);
    await page.reload();
    await expect.poll(() => mentions.getByLabel('친구', { exact: true }).isChecked()).toBe(true);
    await expect.poll(() => requests.getByLabel('친구의 친구').isChecked()).toBe(true);
    await page.setViewportSize({ width: 320, height: 640 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(320);
    await picture(page, `privacy-320-${size}`);
  });

  it('hides what a stranger may not do, and tells a writer that a mention stays text', async () => {
    const [mina, stranger] = (await Person.several(2)) as [Person, Person];
    const id = await mina.posts('모두에게 하는 이야기', 'public');
    await mina.comments(id, '내가 단 댓글');
    const page = await openAs(stranger, size, `/@${mina.handle}`);
    await page.getByRole('button', { name: '친구 신청' }).waitFor();
    await mina.ask('PATCH', '/v1/me', { privacy: { mentions: 'friends', comments: 'friends', requests: 'nobody' } });

    await page.reload();
    await page.getByRole('button', { name: '팔로우', exact: true }).waitFor();
    expect(await page.getByRole('button', { name: '친구 신청' }).count()).toBe(0);
    await page.goto(`/stories/${id}`);
    await page.getByText(`${mina.name}님은 댓글을 쓸 수 있는 사람을 정해 두었어요`).waitFor();
    expect(await page.getByPlaceholder('댓글').count()).toBe(0);
    await page.getByText('내가 단 댓글').waitFor();
    expect(await page.getByRole('button', { name: '답글', exact: true }).count()).toBe(0);
    await picture(page, `comments-limited-${size}`);

    await page.goto('/compose');
    await page.getByRole('textbox').fill(`안녕 @${mina.handle} 님`);
    await page.getByText(`@${mina.handle}님은 내 언급을 받지 않아요`).waitFor();
    await picture(page, `mention-refused-${size}`);
    await page.getByRole('textbox').fill('안녕');
    await page.getByText(`@${mina.handle}님은 내 언급을 받지 않아요`).waitFor({ state: 'detached' });
  });
});

describe.each(EVERY_SIZE)('saved stories, on a %s', (size) => {
  it('are kept from the menu of a story, found again, and taken off the list', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    await mina.sees(await bo.posts('다시 읽고 싶은 소식'));
    const page = await openAs(mina, size);
    const card = story(page, '다시 읽고 싶은 소식');
    await card.getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: '저장', exact: true }).click();
    await page.getByText('저장했어요').waitFor();

    await page.goto('/saved');
    await card.waitFor();
    await picture(page, `saved-${size}`);
    await card.getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: '저장 취소' }).click();
    await page.getByText('저장한 소식이 없어요').waitFor();
    await picture(page, `saved-empty-${size}`);
  });

  it('are known to be saved when the menu is opened in a new window', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const id = await bo.posts('이미 저장한 소식');
    await mina.ask('PUT', `/v1/stories/${id}/save`);
    await mina.sees(id);
    const page = await openAs(mina, size);
    await story(page, '이미 저장한 소식').getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: '저장 취소' }).waitFor();
  });
});
