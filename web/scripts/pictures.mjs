// The pictures of the README and, in `media`, of photos, videos and links: the client in the town of `sosik demo`, on a
// phone and on a desktop, light and dark, in Korean and in English. `npm run pictures`, after `cargo build --release`;
// needs Chromium, ffmpeg, fonts-noto-cjk and fonts-noto-color-emoji.
//
//   OUT   where the pictures go [default: ../docs/pictures]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { startBrowser } from './browser.mjs';
import { logIn, moveIn, say, startTown } from './town.mjs';

const OUT = process.env.OUT ?? fileURLToPath(new URL('../../docs/pictures', import.meta.url));
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1.5 };
/** Milliseconds between two looks at something that is not ready yet. */
const LOOK_EVERY = 200;
const LOOKS_MAX = 600;
const DESKTOP = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 };

/** What the one who looks writes, and what others answer. */
const KOREAN = {
  code: 'ko',
  locale: 'ko-KR',
  as: 'mina',
  draft: '오늘 저녁 강가에서 만나요. 까치가 울었으니 좋은 소식이 있을 거예요!\n#저녁산책',
  story: '강가에 까치집이 하나 더 생겼어요.',
  comments: [
    ['oliver', 'Good news, then!'],
    ['haruka', 'いい知らせですね。'],
  ],
  mention: 'see you at the market tomorrow!',
};
const ENGLISH = {
  code: 'en',
  locale: 'en-GB',
  as: 'emmaclarke',
  draft: 'Meet me by the river tonight. A magpie sang this morning, so there must be good news!\n#eveningwalk',
  story: 'There is a second magpie nest by the river.',
  comments: [
    ['oliver', 'Good news, then!'],
    ['mina', 'I saw it too, on the old poplar.'],
  ],
  mention: 'see you at the market tomorrow!',
};

const { url, town } = await startTown(KOREAN.as);
const browser = await startBrowser();
mkdirSync(join(OUT, 'media'), { recursive: true });

/** A window of somebody who lives there. */
async function open(device, language, colorScheme) {
  const context = await browser.newContext({
    ...device,
    baseURL: url,
    locale: language.locale,
    timezoneId: 'Asia/Seoul',
    colorScheme,
    reducedMotion: 'reduce',
  });
  await logIn(context, language.as);
  return context.newPage();
}

async function picture(page, name, format = {}) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForFunction(() => !document.querySelector('[aria-busy=true]'));
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  const file = `${name}.${format.type === 'jpeg' ? 'jpg' : 'png'}`;
  await page.screenshot({ path: join(OUT, file), ...format });
  console.log(file);
}

/** Somebody new who follows the people of the town that write in English: their feed is in English. */
async function settleEnglishReader() {
  const { items } = await say(url, 'oliver', 'GET', '/v1/feed?limit=100');
  const inEnglish = items.filter(({ text }) => /^[\p{ASCII}\p{P}\p{Emoji}\s]*$/u.test(text));
  const authors = new Set(inEnglish.map(({ author }) => author.id));
  await moveIn(url, ENGLISH.as, 'Emma Clarke');
  for (const author of authors) await say(url, ENGLISH.as, 'PUT', `/v1/follows/${author}`);
}

/** Things happen to the one who looks: a like, comments, a mention. */
async function greet(language) {
  const mine = await say(url, language.as, 'POST', '/v1/stories', { text: language.story, audience: 'public' });
  for (const [other, comment] of language.comments) {
    await say(url, other, 'PUT', `/v1/stories/${mine.id}/like`);
    await say(url, other, 'POST', `/v1/stories/${mine.id}/comments`, { text: comment });
  }
  const text = `@${language.as} ${language.mention}`;
  await say(url, language.comments[0][0], 'POST', '/v1/stories', { text, audience: 'public' });
}

async function home(language) {
  for (const colours of ['light', 'dark']) {
    for (const [device, name] of [
      [DESKTOP, 'desktop'],
      [PHONE, 'phone'],
    ]) {
      const page = await open(device, language, colours);
      await page.goto('/');
      await page.locator('article').first().waitFor();
      // The column beside the page comes after the feed.
      if (device === DESKTOP) await page.locator('aside h2').last().waitFor();
      await picture(page, `home-${name}-${language.code}-${colours}`);
      await page.context().close();
    }
  }
}

/** What `look` finds, as soon as it finds something. */
async function found(what, look) {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const it = await look();
    if (it) return it;
    await setTimeout(LOOK_EVERY);
  }
  throw new Error(`the town shows no ${what}; a video needs ffmpeg`);
}

/** A story with a link to a web site of the town. */
async function linked() {
  const text = 'Request night is back. I already sent mine.\nhttp://harbour-radio.example/requests';
  const { id } = await say(url, 'oliver', 'POST', '/v1/stories', { text, audience: 'public' });
  return found('link card', async () => {
    const story = await say(url, 'oliver', 'GET', `/v1/stories/${id}`);
    return story.link && story;
  });
}

/** Photos, a video, a link and the composer with files, in every size and theme. */
async function media(language) {
  const shows = (kind, count) => (story) => story.attachments.filter((it) => it.kind === kind && it.state === 'ready').length >= count;
  const items = await found('video', async () => {
    const page = await say(url, language.as, 'GET', '/v1/feed?limit=100');
    return page.items.some(shows('video', 1)) && page.items.some(shows('photo', 3)) && page.items;
  });
  const stories = { photos: items.find(shows('photo', 3)), video: items.find(shows('video', 1)), link: await linked() };
  const photos = items.filter(shows('photo', 1)).slice(0, 3).map((story) => story.attachments[0].sizes.at(-1));
  for (const colours of ['light', 'dark']) {
    for (const [device, size] of [
      [DESKTOP, 'desktop'],
      [PHONE, 'phone'],
    ]) {
      const page = await open(device, language, colours);
      const shoot = (name) => picture(page, `media/${name}-${size}-${colours}`, { type: 'jpeg', quality: 82 });
      for (const [name, story] of Object.entries(stories)) {
        await page.goto(`/stories/${story.id}`);
        await page.locator(name === 'link' ? 'article a.link' : 'article .gallery').first().waitFor();
        await shoot(name);
      }
      await page.goto(`/stories/${stories.photos.id}`);
      await page.locator('article .gallery button').first().click();
      await page.locator('dialog img').first().waitFor();
      await shoot('viewer');
      const files = photos.map(async ({ webp }, number) => {
        const file = await page.context().request.get(webp);
        return { name: `${number}.webp`, mimeType: 'image/webp', buffer: await file.body() };
      });
      await page.goto('/compose');
      await page.locator('textarea').fill(language.draft);
      await page.locator('input[type=file]').first().setInputFiles(await Promise.all(files));
      await page.waitForFunction((count) => document.querySelectorAll('li img').length >= count, photos.length);
      await page.waitForFunction(() => !document.querySelector('[role=progressbar]'));
      await shoot('compose');
      await page.context().close();
    }
  }
}

/** Every other page on a phone; answers the window, with its service worker at work. */
async function pages(language) {
  const phone = await open(PHONE, language, 'light');
  const { items } = await (await phone.context().request.get('/v1/feed?limit=100')).json();
  const talkedAbout = items.reduce((most, story) => (story.comments > most.comments ? story : most));
  await phone.goto(`/stories/${talkedAbout.id}`);
  await phone.locator('article').first().waitFor();
  await picture(phone, `story-phone-${language.code}`);
  await phone.goto(`/@${talkedAbout.author.handle}`);
  await phone.locator('article').first().waitFor();
  await picture(phone, `profile-phone-${language.code}`);
  // Founding a town notifies nobody; people do something now.
  await greet(language);
  await phone.goto('/notifications');
  await phone.locator('main [data-key]').first().waitFor();
  await picture(phone, `notifications-phone-${language.code}`);
  await phone.goto('/compose');
  await phone.locator('textarea').fill(language.draft);
  await picture(phone, `compose-phone-${language.code}`);
  await phone.goto('/');
  await phone.locator('article').first().waitFor();
  await phone.evaluate(() => navigator.serviceWorker.ready);
  await phone.waitForFunction(() => navigator.serviceWorker.controller);
  return phone;
}

/** The server is gone and the network with it; the client opens with the last feed. */
async function offline(phone, language) {
  await phone.context().setOffline(true);
  await phone.reload();
  await phone.locator('article').first().waitFor();
  await phone.locator('main .offline').waitFor();
  await picture(phone, `offline-phone-${language.code}`);
}

await settleEnglishReader();
const languages = [KOREAN, ENGLISH];
for (const language of languages) await home(language);
await media(KOREAN);
const windows = [];
for (const language of languages) windows.push([await pages(language), language]);
town.kill('SIGTERM');
town.kill('SIGTERM');
await new Promise((done) => (town.exitCode === null ? town.once('exit', done) : done()));
for (const [phone, language] of windows) await offline(phone, language);
await browser.close();
