// The pictures of the README: the client in the town of `sosik demo`, on a phone and on a desktop, light and dark.
// `npm run pictures`, after `cargo build --release`; needs Chromium and fonts-noto-cjk.
//
//   OUT   where the pictures go [default: ../docs/pictures]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startBrowser } from './browser.mjs';
import { logIn, say, startTown } from './town.mjs';

const OUT = process.env.OUT ?? fileURLToPath(new URL('../../docs/pictures', import.meta.url));
const AS = 'mina';
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1.5 };
const DESKTOP = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 };
const DRAFT = '오늘 저녁 강가에서 만나요. 까치가 울었으니 좋은 소식이 있을 거예요!\n#저녁산책';

/** Others one can log in as, and what they say. */
const HOSTS = [
  ['oliver', 'Good news, then!'],
  ['haruka', 'いい知らせですね。'],
];

const { url, town } = await startTown(AS);
const browser = await startBrowser();
mkdirSync(OUT, { recursive: true });

/** A window of somebody who lives there. */
async function open(device, language, colorScheme) {
  const context = await browser.newContext({
    ...device,
    baseURL: url,
    locale: language === 'ko' ? 'ko-KR' : 'en-GB',
    timezoneId: 'Asia/Seoul',
    colorScheme,
    reducedMotion: 'reduce',
  });
  await logIn(context, AS);
  return context.newPage();
}

async function picture(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForFunction(() => !document.querySelector('[aria-busy=true]'));
  await page.screenshot({ path: join(OUT, `${name}.png`) });
  console.log(`${name}.png`);
}

/** Things happen to the one who looks: a like, comments, a mention. */
async function greet(url) {
  const mine = await say(url, AS, 'POST', '/v1/stories', { text: '강가에 까치집이 하나 더 생겼어요.', audience: 'public' });
  for (const [host, comment] of HOSTS) {
    await say(url, host, 'PUT', `/v1/stories/${mine.id}/like`);
    await say(url, host, 'POST', `/v1/stories/${mine.id}/comments`, { text: comment });
  }
  await say(url, HOSTS[0][0], 'POST', '/v1/stories', { text: `@${AS} see you at the market tomorrow!`, audience: 'public' });
}

for (const colours of ['light', 'dark']) {
  for (const language of ['en', 'ko']) {
    const desktop = await open(DESKTOP, language, colours);
    await desktop.goto('/');
    await desktop.locator('article').first().waitFor();
    await picture(desktop, `home-desktop-${language}-${colours}`);
    await desktop.context().close();
  }
  const phone = await open(PHONE, 'ko', colours);
  await phone.goto('/');
  await phone.locator('article').first().waitFor();
  await picture(phone, `home-phone-${colours}`);
  await phone.context().close();
}

const phone = await open(PHONE, 'ko', 'light');
const { items } = await (await phone.context().request.get('/v1/feed?limit=100')).json();
const talkedAbout = items.reduce((most, story) => (story.comments > most.comments ? story : most));
await phone.goto(`/stories/${talkedAbout.id}`);
await phone.locator('article').first().waitFor();
await picture(phone, 'story-phone');
await phone.goto(`/@${talkedAbout.author.handle}`);
await phone.locator('article').first().waitFor();
await picture(phone, 'profile-phone');
// Founding a town notifies nobody; its hosts do something now.
await greet(url);
await phone.goto('/notifications');
await phone.locator('main [data-key]').first().waitFor();
await picture(phone, 'notifications-phone');
await phone.goto('/compose');
await phone.locator('textarea').fill(DRAFT);
await picture(phone, 'compose-phone');

// The server goes away and the network with it; the client opens with the last feed.
await phone.goto('/');
await phone.locator('article').first().waitFor();
await phone.evaluate(() => navigator.serviceWorker.ready);
await phone.waitForFunction(() => navigator.serviceWorker.controller);
town.kill('SIGTERM');
town.kill('SIGTERM');
await new Promise((done) => (town.exitCode === null ? town.once('exit', done) : done()));
await phone.context().setOffline(true);
await phone.reload();
await phone.locator('article').first().waitFor();
await phone.getByText('연결이 끊겼어요').waitFor();
await picture(phone, 'offline-phone');
await browser.close();
