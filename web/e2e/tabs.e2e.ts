import { expect, it } from 'vitest';

import { openAs, story } from './browser';
import { eventually, Person } from './town';

/** Ten pages take long to open on a busy machine. */
const TIMEOUT = 240_000;

it('ten tabs have one live stream, show what it brings, and go on when the tab with the stream closes', async () => {
  const [mina, bo] = (await Person.several(2)) as [Person, Person];
  await mina.befriends(bo);
  await mina.sees(await bo.posts('이미 있던 소식'));
  const first = await openAs(mina, 'desktop');
  const context = first.context();
  const streams = new Set<unknown>();
  context.on('request', (request) => void (request.url().includes('/v1/feed/stream') && streams.add(request)));
  await first.reload();
  await story(first, '이미 있던 소식').waitFor();
  const tabs = [first];
  for (let tab = 2; tab <= 10; tab += 1) {
    const page = await context.newPage();
    await page.goto('/');
    await story(page, '이미 있던 소식').waitFor();
    tabs.push(page);
  }
  await eventually(async () => streams.size > 0);
  await bo.posts('열 개의 탭에 온 소식');
  for (const page of tabs) await page.getByRole('button', { name: '새 소식 1개' }).waitFor();
  expect(streams.size).toBe(1);

  await first.close();
  await eventually(async () => streams.size === 2);
  await bo.posts('다음 탭이 받은 소식');
  for (const page of tabs.slice(1)) await page.getByRole('button', { name: '새 소식 2개' }).waitFor();
  expect(streams.size).toBe(2);
}, TIMEOUT);
