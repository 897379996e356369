import { describe, expect, it } from 'vitest';

import { openAs, story } from './browser';
import { eventually, Person } from './town';

/** Several tabs take long to open on a busy machine. */
const TIMEOUT = 240_000;

describe('what one does in one tab is shown in the others without a reload', { timeout: TIMEOUT }, () => {
  it('for one\'s stories: posted, liked, changed, deleted', async () => {
    const mina = await Person.join();
    const [one, two] = [await mina.posts('고칠 소식'), await mina.posts('지울 소식')];
    await mina.sees(one, two);
    const here = await openAs(mina, 'desktop', `/@${mina.handle}`);
    const there = await here.context().newPage();
    await there.goto('/');
    await story(there, '고칠 소식').waitFor();

    await story(here, '고칠 소식').getByRole('button', { name: '좋아요' }).click();
    await story(there, '고칠 소식').getByRole('button', { name: '좋아요', pressed: true }).waitFor();

    await here.goto(`/stories/${one}/edit`);
    await here.getByLabel('소식 내용').fill('고친 소식');
    await here.getByRole('button', { name: '저장' }).click();
    await story(there, '고친 소식').waitFor();

    await here.goto(`/stories/${two}`);
    await here.getByRole('button', { name: /메뉴/ }).first().click();
    await here.getByRole('menuitem', { name: '지우기' }).click();
    await here.getByRole('dialog').getByRole('button', { name: '지우기' }).click();
    await story(there, '지울 소식').waitFor({ state: 'detached' });

    await here.goto('/compose');
    await here.getByLabel('소식 내용').fill('저쪽 탭에서 쓴 소식');
    await here.getByRole('main').getByRole('button', { name: '올리기' }).click();
    await story(there, '저쪽 탭에서 쓴 소식').waitFor();
    expect(await there.getByRole('button', { name: /새 소식/ }).count()).toBe(0);
  });

  it('for comments, and for people', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const id = await bo.posts('이야기할 소식');
    await mina.sees(id);
    const here = await openAs(mina, 'desktop', `/stories/${id}`);
    const there = await here.context().newPage();
    await there.goto(`/stories/${id}`);
    const home = await here.context().newPage();
    await home.goto('/');
    await there.getByText('아직 댓글이 없어요').waitFor();

    await here.getByLabel('내 댓글').fill('내가 먼저');
    await here.getByRole('button', { name: '보내기' }).click();
    await there.getByRole('listitem').filter({ hasText: '내가 먼저' }).waitFor();
    await story(home, '이야기할 소식').getByRole('link', { name: /댓글\s*1/ }).waitFor();

    await here.getByRole('button', { name: '이 댓글 더 보기 메뉴' }).click();
    await here.getByRole('menuitem', { name: /지우기/ }).click();
    await here.getByRole('dialog').getByRole('button', { name: /지우기/ }).click();
    await there.getByText('아직 댓글이 없어요').waitFor();

    await here.goto(`/@${bo.handle}`);
    await here.getByRole('button', { name: `${bo.name}님 더 보기 메뉴` }).click();
    await here.getByRole('menuitem', { name: /차단/ }).click();
    await here.getByRole('dialog').getByRole('button', { name: '차단', exact: true }).click();
    await eventually(async () => (await story(home, '이야기할 소식').count()) === 0);
    await there.getByText('볼 수 없는 소식이에요').waitFor();
  });
});
