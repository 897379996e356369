import { it } from 'vitest';

import { openAs, openDevice, story } from './browser';
import { PASSWORD, Person } from './town';

it('a notification that comes after they were counted and before the live stream is open is shown', async () => {
  const [mina, bo] = (await Person.several(2)) as [Person, Person];
  const context = await openDevice('desktop');
  await context.request.post('/v1/sessions', { data: { handle: bo.handle, password: PASSWORD } });
  const page = await context.newPage();
  const counted = page.waitForResponse(/\/v1\/notifications\?/);
  let open = () => {};
  const isOpened = new Promise<void>((done) => {
    void page.route(/\/v1\/feed\/stream/, async (route) => {
      await new Promise<void>((then) => (open = then));
      done();
      await route.continue();
    });
  });
  const asked = page.waitForRequest(/\/v1\/feed\/stream/);
  await page.goto('/');
  await counted;
  await asked;
  await mina.ask('PUT', `/v1/friend-requests/${bo.id}`);
  open();
  await isOpened;
  await page.getByText('읽지 않음 1개').waitFor({ state: 'attached' });
});

it('what others do to one\'s stories is shown on the page that is open', async () => {
  const [mina, bo] = (await Person.several(2)) as [Person, Person];
  await mina.befriends(bo);
  const id = await mina.posts('이야기가 오갈 소식');
  await bo.sees(id);
  const page = await openAs(mina, 'desktop', `/stories/${id}`);
  await page.getByText('아직 댓글이 없어요').waitFor();
  const news = await page.context().newPage();
  await news.goto('/notifications');
  await news.getByText(`${bo.name}님이 친구 신청을 수락했어요`).waitFor();

  await bo.comments(id, '바로 답해요');
  await page.getByRole('listitem').filter({ hasText: '바로 답해요' }).waitFor();
  await story(page, '이야기가 오갈 소식').getByRole('link', { name: /댓글\s*1/ }).waitFor();
  await news.getByText(`${bo.name}님이 내 소식에 댓글을 남겼어요`).waitFor();
});
