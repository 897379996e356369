// Replies to comments, and likes of comments.
import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, kept, openAs, picture } from './browser';
import { eventually, Person } from './town';

describe.each(EVERY_SIZE)('below a comment, on a %s', (size) => {
  it('people answer, answer the answers, and the thread opens and folds', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const id = await bo.posts('이야기할 소식');
    const comment = await bo.comments(id, '내가 먼저');
    await bo.comments(id, '이미 있던 답글', comment);
    await mina.sees(id);
    const page = await openAs(mina, size, `/stories/${id}`);
    await page.getByRole('button', { name: '답글 1개 보기' }).click();
    await page.getByText('이미 있던 답글').waitFor();
    const replies = page.getByRole('list', { name: '답글' });
    const first = replies.getByRole('listitem').filter({ hasText: '이미 있던 답글' });
    await first.getByRole('button', { name: '답글' }).click();
    const box = page.getByLabel(`${bo.name}님에게 답글 쓰기`);
    await expect.poll(() => box.inputValue()).toBe(`@${bo.handle} `);
    await box.fill(`@${bo.handle} 나도 한마디`);
    await picture(page, `replies-writing-${size}`);
    await page.getByRole('list', { name: '댓글' }).getByRole('button', { name: '보내기' }).click();
    const mine = replies.getByRole('listitem').filter({ hasText: '나도 한마디' });
    await mine.waitFor();
    expect(await box.count()).toBe(0);
    await picture(page, `replies-${size}`);
    // The story counts replies, too.
    await page.getByRole('article').getByText('3', { exact: true }).waitFor();

    await page.getByRole('button', { name: '답글 접기' }).click();
    await eventually(async () => (await replies.count()) === 0);
    await page.getByRole('button', { name: '답글 2개 보기' }).click();
    await mine.getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: '댓글 지우기' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '댓글 지우기' }).click();
    await eventually(async () => (await mine.count()) === 0);
  });

  it('a deleted comment keeps the place of its replies', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const id = await bo.posts('지워질 이야기');
    const comment = await mina.comments(id, '지울 댓글');
    const reply = await bo.comments(id, '남을 답글', comment);
    await mina.sees(id);
    const page = await openAs(mina, size, `/stories/${id}`);
    await page.getByRole('listitem').filter({ hasText: '지울 댓글' }).getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: '댓글 지우기' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '댓글 지우기' }).click();
    await page.getByText('볼 수 없는 댓글이에요.').waitFor();
    expect(await page.getByText('지울 댓글').count()).toBe(0);
    await page.getByRole('button', { name: '답글 1개 보기' }).click();
    await page.getByText('남을 답글').waitFor();
    await picture(page, `replies-place-${size}`);
    await bo.ask('DELETE', `/v1/comments/${reply}`);
    await page.reload();
    await page.getByText('아직 댓글이 없어요').waitFor();
  });

  it('a comment is liked, the likers are listed, and its author is told', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const id = await bo.posts('좋은 소식');
    await bo.comments(id, '좋은 댓글');
    await mina.sees(id);
    const page = await openAs(mina, size, `/stories/${id}`);
    const row = page.getByRole('listitem').filter({ hasText: '좋은 댓글' });
    const like = row.getByRole('button', { name: '좋아요' });
    await like.click();
    await expect.poll(() => like.getAttribute('aria-pressed')).toBe('true');
    await row.getByRole('link', { name: '좋아요 1명' }).click();
    await page.getByRole('heading', { name: '좋아요' }).waitFor();
    await page.getByText(mina.name).first().waitFor();
    await page.goBack();
    await like.click();
    await expect.poll(() => like.getAttribute('aria-pressed')).toBe('false');
    await like.click();
    await eventually(async () => {
      const { items } = (await bo.ask('GET', '/v1/notifications')) as { items: { kind: string }[] };
      return items.some(({ kind }) => kind === 'comment_like');
    });
    const theirs = await openAs(bo, size, '/notifications');
    await theirs.getByText('님이 내 댓글을 좋아해요.').click();
    // One comes to the comment, which has the focus.
    await expect.poll(() => theirs.evaluate(() => document.activeElement?.textContent)).toContain('좋은 댓글');
  });
});

it('a notification of a reply leads to the reply, in its thread', async () => {
  const [mina, bo] = (await Person.several(2)) as [Person, Person];
  await mina.befriends(bo);
  const id = await mina.posts('댓글이 많은 소식');
  await bo.sees(id);
  for (let other = 1; other <= 30; other += 1) await bo.comments(id, `다른 댓글 ${other}`);
  const comment = await mina.comments(id, '내 댓글');
  await bo.comments(id, '내 댓글에 단 답글', comment);
  const page = await openAs(mina, 'phone', '/notifications');
  await page.getByText('님이 내 댓글에 답글을 남겼어요').click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('내 댓글에 단 답글');
  const seen = await page.evaluate(() => {
    const { top, bottom } = document.activeElement!.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
  expect(seen).toBe(true);
});

it('a reply is written by keyboard alone', async () => {
  const mina = await Person.join();
  const id = await mina.posts('소식');
  await mina.comments(id, '댓글');
  const page = await openAs(mina, 'desktop', `/stories/${id}`);
  await page.getByRole('listitem').getByRole('button', { name: '답글' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
  await page.keyboard.type('글쇠로만');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('list', { name: '답글' }).getByText('글쇠로만').waitFor();
});

it('what was begun of a reply is there again after a reload', async () => {
  const mina = await Person.join();
  const id = await mina.posts('소식');
  await mina.comments(id, '댓글');
  const page = await openAs(mina, 'phone', `/stories/${id}`);
  const answer = () => page.getByRole('listitem').getByRole('button', { name: '답글' }).click();
  await answer();
  const box = page.getByLabel(/답글 쓰기/);
  await box.fill('아직 다 안 쓴');
  await eventually(async () => (await kept(page)).includes('아직 다 안 쓴'));
  await page.reload();
  await answer();
  await expect.poll(() => box.inputValue()).toBe('아직 다 안 쓴');
});

it('replies fit a narrow window', async () => {
  const [mina, bo] = (await Person.several(2)) as [Person, Person];
  await mina.befriends(bo);
  const id = await bo.posts('소식');
  const comment = await bo.comments(id, '댓글');
  await bo.comments(id, '가나다라마바사아자차카타파하'.repeat(12), comment);
  await mina.sees(id);
  const page = await openAs(mina, 'phone', `/stories/${id}`, { viewport: { width: 320, height: 568 } });
  await page.getByRole('button', { name: '답글 1개 보기' }).click();
  await page.getByRole('list', { name: '답글' }).getByRole('button', { name: '답글' }).click();
  await page.getByLabel(/답글 쓰기/).waitFor();
  await picture(page, 'replies-narrow');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});
