// Two people with a browser each: what one does changes the page that the other has open, without a reload.
import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, kept, openAs, picture, story } from './browser';
import { eventually, Person } from './town';

/** Two friends, and the page that one of them has open when the live stream follows what is on it. */
async function watching(size: (typeof EVERY_SIZE)[number], address: (bo: Person, ids: string[]) => string, ...texts: string[]) {
  const [mina, bo] = (await Person.several(2)) as [Person, Person];
  await mina.befriends(bo);
  const ids: string[] = [];
  for (const text of texts) ids.push(await bo.posts(text, 'friends'));
  await mina.sees(...ids);
  const page = await openAs(mina, size, 'about:blank');
  const followed = page.waitForResponse((response) => response.url().includes('/v1/stories?ids='));
  await page.goto(address(bo, ids));
  for (const text of texts) await story(page, text).waitFor();
  await followed;
  return { mina, bo, ids, page };
}

describe.each(EVERY_SIZE)('a page that stays open, on a %s', (size) => {
  it('shows edits, likes, comments and deletions of others at home', async () => {
    const { bo, ids, page } = await watching(size, () => '/', '고쳐질 소식', '사라질 소식');
    const [edited, deleted] = ids as [string, string];
    await bo.ask('PATCH', `/v1/stories/${edited}`, { text: '고쳐진 이야기' });
    await story(page, '고쳐진 이야기').waitFor();
    expect(await story(page, '고쳐질 소식').count()).toBe(0);
    await bo.ask('PUT', `/v1/stories/${edited}/like`);
    await story(page, '고쳐진 이야기').getByRole('button', { name: /1/ }).waitFor();
    await bo.comments(edited, '한마디');
    await story(page, '고쳐진 이야기').getByRole('link', { name: /댓글\s*1/ }).waitFor();
    await bo.ask('DELETE', `/v1/stories/${deleted}`);
    await story(page, '사라질 소식').waitFor({ state: 'detached' });
    await picture(page, `shown-home-${size}`);
  });

  it('has nothing left of a former friend, on the screen and on the device', async () => {
    const { mina, bo, page } = await watching(size, () => '/', '친구에게만 한 말');
    await eventually(async () => (await kept(page)).includes('친구에게만 한 말'));
    await bo.ask('DELETE', `/v1/friends/${mina.id}`);
    await story(page, '친구에게만 한 말').waitFor({ state: 'detached' });
    await eventually(async () => !(await kept(page)).includes('친구에게만 한 말'));
  });

  it('shows on a profile what its person does, and that the two are no longer friends', async () => {
    const { mina, bo, ids, page } = await watching(size, (bo) => `/@${bo.handle}`, '남을 소식', '지울 소식');
    await bo.ask('DELETE', `/v1/stories/${ids[1]!}`);
    await story(page, '지울 소식').waitFor({ state: 'detached' });
    await story(page, '남을 소식').waitFor();
    await bo.ask('DELETE', `/v1/friends/${mina.id}`);
    await story(page, '남을 소식').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '친구 신청' }).waitFor();
  });

  it('shows comments as they are written, edited and deleted, and that the story is gone', async () => {
    const { bo, ids, page } = await watching(size, (_, [id]) => `/stories/${id!}`, '이야기가 오갈 소식');
    const id = ids[0]!;
    const comment = (await bo.ask('POST', `/v1/stories/${id}/comments`, { text: '처음 한 말' })) as { id: string };
    await page.getByText('처음 한 말').waitFor();
    await bo.ask('PATCH', `/v1/comments/${comment.id}`, { text: '다시 한 말' });
    await page.getByText('다시 한 말').waitFor();
    expect(await page.getByText('처음 한 말').count()).toBe(0);
    await bo.ask('DELETE', `/v1/comments/${comment.id}`);
    await page.getByText('다시 한 말').waitFor({ state: 'detached' });
    await bo.ask('DELETE', `/v1/stories/${id}`);
    await story(page, '이야기가 오갈 소식').waitFor({ state: 'detached' });
  });

  it('shows after an interruption what happened meanwhile', async () => {
    expectComplaints(/Failed to load resource/, /ERR_INTERNET_DISCONNECTED/, /ERR_NETWORK/);
    const { bo, ids, page } = await watching(size, () => '/', '끊긴 사이 고칠 소식', '끊긴 사이 지울 소식');
    await page.context().setOffline(true);
    await bo.ask('PATCH', `/v1/stories/${ids[0]!}`, { text: '끊긴 사이 고친 이야기' });
    await bo.ask('DELETE', `/v1/stories/${ids[1]!}`);
    await page.context().setOffline(false);
    await story(page, '끊긴 사이 고친 이야기').waitFor();
    await story(page, '끊긴 사이 지울 소식').waitFor({ state: 'detached' });
  });
});
