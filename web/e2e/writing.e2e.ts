import { describe, expect, it } from 'vitest';

import { EVERY_SIZE, expectComplaints, kept, openAs, picture, story } from './browser';
import { eventually, Person } from './town';

describe.each(EVERY_SIZE)('writing, on a %s', (size) => {
  it('keeps what one has begun, also over a reload, until it is posted', async () => {
    const page = await openAs(await Person.join(), size, '/compose');
    await page.getByLabel('소식 내용').fill('반쯤 쓴 소식');
    await page.getByText('모두', { exact: true }).click();
    await eventually(async () => /반쯤 쓴 소식.*public/.test(await kept(page)));
    await page.reload();
    await eventually(async () => (await page.getByLabel('소식 내용').inputValue()) === '반쯤 쓴 소식');
    await expect.poll(() => page.getByRole('radio', { name: '모두' }).isChecked()).toBe(true);
    await page.getByRole('button', { name: '올리기' }).click();
    await story(page, '반쯤 쓴 소식').waitFor();
    // Home keeps the story as a part of the feed; a draft has a person and a name for its key.
    await eventually(async () => !(await kept(page)).includes('"audience":"public"}'));
    await page.goto('/compose');
    await page.locator('textarea:focus').waitFor();
    await expect.poll(() => page.getByLabel('소식 내용').inputValue()).toBe('');
  });

  it('completes a mention from a part of a name, and links it with tags and addresses', async () => {
    const [mina, bo] = [await Person.join(), await Person.join({ name: size === 'phone' ? '하늘다람쥐' : '동고비바위' })];
    const page = await openAs(mina, size, '/compose');
    await page.getByLabel('소식 내용').pressSequentially(`안녕 @${bo.name.slice(0, 4)}`);
    await page.getByRole('option', { name: bo.handle }).waitFor();
    await picture(page, `mention-${size}`);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByLabel('소식 내용').inputValue()).toBe(`안녕 @${bo.handle} `);
    await page.getByLabel('소식 내용').pressSequentially('#까치밥 https://example.org/감나무?a=1을 보세요');
    await page.getByRole('button', { name: '올리기' }).click();
    const card = story(page, '까치밥');
    await card.getByRole('link', { name: `@${bo.handle}`, exact: true }).first().waitFor();
    await expect.poll(() => card.getByRole('link', { name: '#까치밥' }).getAttribute('href')).toBe(`/tags/${encodeURIComponent('까치밥')}`);
    const web = card.getByRole('link', { name: 'example.org' });
    await expect.poll(() => web.getAttribute('href')).toBe('https://example.org/%EA%B0%90%EB%82%98%EB%AC%B4?a=1');
    await expect.poll(() => web.getAttribute('rel')).toContain('noopener');
    await card.getByRole('link', { name: '#까치밥' }).click();
    await story(page, '까치밥').waitFor();
    await expect.poll(() => page.title()).toContain('#까치밥');
  });

  it('shows nothing of what somebody writes as HTML', async () => {
    const mina = await Person.join({ name: '<b>굵게</b>' });
    await mina.posts('<img src=x onerror="document.title=1"><script>document.title=2</script> & &amp;');
    const page = await openAs(mina, size);
    await page.getByText('<img src=x onerror=').waitFor();
    expect(await page.locator('article img, article script, article b').count()).toBe(0);
    await expect.poll(() => page.getByText('<b>굵게</b>').count()).toBeGreaterThan(0);
  });

  it('edits and deletes, everywhere at once', async () => {
    const mina = await Person.join();
    await mina.posts('처음 쓴 글');
    const page = await openAs(mina, size);
    await story(page, '처음 쓴 글').getByRole('button', { name: /더 보기 메뉴/ }).click();
    await page.getByRole('menuitem', { name: '고치기' }).click();
    await eventually(async () => (await page.getByLabel('소식 내용').inputValue()) === '처음 쓴 글');
    await page.getByLabel('소식 내용').fill('고쳐 쓴 글');
    await page.getByRole('button', { name: '저장' }).click();
    await story(page, '고쳐 쓴 글').getByText('고침').waitFor();

    await story(page, '고쳐 쓴 글').getByRole('button', { name: /더 보기 메뉴/ }).click();
    await page.getByRole('menuitem', { name: '지우기' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '취소' }).click();
    await expect.poll(() => story(page, '고쳐 쓴 글').count()).toBe(1);
    await story(page, '고쳐 쓴 글').getByRole('button', { name: /더 보기 메뉴/ }).click();
    await page.getByRole('menuitem', { name: '지우기' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '지우기' }).click();
    await page.getByText('소식을 지웠어요').waitFor();
    await expect.poll(() => story(page, '고쳐 쓴 글').count()).toBe(0);
    expect(await mina.feed()).toEqual([]);
  });

  it('posts once when the network is cut in the middle, as soon as it is back', async () => {
    expectComplaints(/Failed to load resource/, /ERR_INTERNET_DISCONNECTED/, /ERR_FAILED/);
    const mina = await Person.join();
    const page = await openAs(mina, size, '/compose');
    // The server gets it, the answer is lost: the worst moment.
    let cut = 0;
    await page.route('**/v1/stories', async (route) => {
      cut += 1;
      if (cut > 1) return route.continue();
      await route.fetch();
      await page.context().setOffline(true);
      await route.abort('failed');
    });
    await page.getByLabel('소식 내용').fill('터널에서 쓴 글');
    await page.getByRole('button', { name: '올리기' }).click();
    await page.getByText('다시 연결되면 올라가요').waitFor();
    await page.getByText('연결이 끊겼어요').waitFor();
    await picture(page, `unsent-${size}`);
    await page.context().setOffline(false);
    await story(page, '터널에서 쓴 글').locator('footer').waitFor();
    await eventually(async () => (await page.getByText('다시 연결되면 올라가요').count()) === 0);
    expect(await mina.feed()).toHaveLength(1);
    await expect.poll(() => story(page, '터널에서 쓴 글').count()).toBe(1);
  });

  it('says why the server will not have a story, and keeps it to be edited', async () => {
    expectComplaints(/status of 422/);
    const page = await openAs(await Person.join(), size, '/compose');
    // As from a client with older rules than the server's: the page itself refuses what the server refuses today.
    await page.route('**/v1/stories', (route) => route.continue({ postData: JSON.stringify({ text: '제어 문자\u0007', audience: 'friends' }) }));
    await page.getByLabel('소식 내용').fill('서버가 받지 않는 글');
    await page.getByRole('button', { name: '올리기' }).click();
    await page.getByText('소식에 보여 줄 수 없는 문자가 있어요').waitFor();
    await page.getByRole('button', { name: '고치기' }).click();
    await eventually(async () => (await page.getByLabel('소식 내용').inputValue()) === '서버가 받지 않는 글');
  });

  it.each([
    ['a control character', '제어 문자\u0007', '제어 문자 U+0007는 쓸 수 없어요'],
    ['a character that turns the direction', '방향\u202e문자', 'U+202E'],
    ['nothing that can be seen', '\u200b\u200b\u200b', '보이는 글자가 없어요'],
  ])('says before it is sent why a text cannot be posted that has %s', async (_, text, why) => {
    const page = await openAs(await Person.join(), size, '/compose');
    const asked: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && asked.push(new URL(request.url()).pathname));
    const box = page.getByLabel('소식 내용');
    await box.fill(text);
    await page.getByRole('alert').getByText(why).waitFor();
    expect(await page.getByRole('button', { name: '올리기' }).isDisabled()).toBe(true);
    expect(await box.getAttribute('aria-invalid')).toBe('true');
    await box.press('Control+Enter');
    expect(await box.inputValue()).toBe(text);
    // A text that can be posted is posted, and is the only one that was sent.
    await box.fill('보이는 글');
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
    await page.getByRole('button', { name: '올리기' }).click();
    await story(page, '보이는 글').locator('footer').waitFor();
    expect(asked.filter((path) => path === '/v1/stories')).toHaveLength(1);
  });
});

describe.each(EVERY_SIZE)('a story, on a %s', (size) => {
  it('is liked at once, and honestly not when the server refuses', async () => {
    expectComplaints(/status of 500/);
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const id = await bo.posts('좋아할 만한 소식');
    await mina.sees(id);
    const page = await openAs(mina, size);
    const like = story(page, '좋아할 만한 소식').getByRole('button', { name: /^좋아요/ });
    // At once: before the server has said anything.
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/like', (route) => held.then(() => route.continue()));
    await like.click();
    await expect.poll(() => like.getAttribute('aria-pressed')).toBe('true');
    expect(((await bo.ask('GET', `/v1/stories/${id}`)) as { likes: number }).likes).toBe(0);
    answer();
    await eventually(async () => ((await bo.ask('GET', `/v1/stories/${id}`)) as { likes: number }).likes === 1);

    await page.unroute('**/like');
    await page.route('**/like', (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"code":"internal"}' }));
    await like.click();
    await page.getByText('저희 쪽에 문제가 생겼어요').waitFor();
    await expect.poll(() => like.getAttribute('aria-pressed')).toBe('true');
    await expect.poll(() => like.innerText()).toContain('1');
  });

  it('is talked about', async () => {
    const [mina, bo] = (await Person.several(2)) as [Person, Person];
    await mina.befriends(bo);
    const id = await bo.posts('이야기할 소식');
    await bo.comments(id, '내가 먼저');
    await mina.sees(id);
    const page = await openAs(mina, size, `/stories/${id}`);
    await page.getByText('내가 먼저').waitFor();
    await page.getByLabel('내 댓글').fill('나도 한마디');
    await page.getByRole('button', { name: '보내기' }).click();
    const mine = page.getByRole('listitem').filter({ hasText: '나도 한마디' });
    await mine.waitFor();
    await expect.poll(() => page.getByLabel('내 댓글').inputValue()).toBe('');
    await picture(page, `comments-${size}`);
    // Their comment is not mine to delete, and the story is not mine either.
    await expect.poll(() => page.getByRole('listitem').filter({ hasText: '내가 먼저' }).getByRole('button', { name: /메뉴/ }).count()).toBe(0);

    await mine.getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: '댓글 고치기' }).click();
    await page.getByRole('textbox', { name: '댓글 고치기' }).fill('고친 한마디');
    await page.getByRole('button', { name: '저장' }).click();
    const changed = page.getByRole('listitem').filter({ hasText: '고친 한마디' });
    await changed.getByText('고침').waitFor();
    await changed.getByRole('button', { name: /메뉴/ }).click();
    await page.getByRole('menuitem', { name: '댓글 지우기' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '댓글 지우기' }).click();
    await eventually(async () => (await page.getByText('고친 한마디').count()) === 0);
  });

  it('that one may not see is the same as one that is not there', async () => {
    expectComplaints(/status of 404/);
    const [mina, stranger] = (await Person.several(2)) as [Person, Person];
    const hidden = await stranger.posts('친구에게만');
    const page = await openAs(mina, size, `/stories/${hidden}`);
    await page.getByText('볼 수 없는 소식이에요').waitFor();
    await page.goto('/stories/1');
    await page.getByText('볼 수 없는 소식이에요').waitFor();
  });
});
