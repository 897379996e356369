// The client's figures, measured in Chromium against the town of `sosik demo` on a phone's screen and a processor slowed
// down four times: `npm run figures`, after a release build. Written down in docs/guide/web.md.
//
//   SOSIK_BIN   the server [default: ../target/release/sosik]
//   AS          who looks; the mayor knows everybody and has the deepest feed [default: mayor_jungho]
//   DEEP        how many stories to scroll through [default: 5000]
import { startBrowser } from './browser.mjs';
import { logIn, startTown } from './town.mjs';

const AS = process.env.AS ?? 'mayor_jungho';
const DEEP = Number(process.env.DEEP ?? 5_000);
const SLOWED = 4;
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Waits until the page has nothing left to do. */
async function quiet(page) {
  await page.evaluate(() => new Promise((done) => requestIdleCallback(done)));
  await pause(1_000);
}

/** Watches from the very beginning: long tasks, shifts, and when the first story stood there. */
const watch = () => {
  const seen = { tasks: [], shift: 0, story: 0, requests: null };
  window.figures = seen;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.tasks.push([Math.round(entry.startTime), Math.round(entry.duration)]);
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  new MutationObserver((_changes, observer) => {
    if (!document.querySelector('article.story')) return;
    seen.story = performance.now();
    seen.requests = performance.getEntriesByType('resource').map((entry) => [new URL(entry.name).pathname, Math.round(entry.startTime), Math.round(entry.responseEnd)]);
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
};

async function open(browser, url, slowed) {
  const context = await browser.newContext({ ...PHONE, baseURL: url, locale: 'ko-KR', timezoneId: 'Asia/Seoul' });
  await logIn(context, AS);
  const page = await context.newPage();
  await page.addInitScript(watch);
  const devtools = await context.newCDPSession(page);
  if (slowed) await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
  return { context, page, devtools };
}

/** The first visit and the second, which begins with the service worker. */
async function measureStart(browser, url) {
  const { context, page } = await open(browser, url, true);
  const starts = [];
  for (const visit of ['first visit', 'second visit']) {
    await page.goto('/');
    await page.waitForFunction(() => window.figures?.story > 0);
    await quiet(page);
    const { story, shift, requests, tasks } = await page.evaluate(() => window.figures);
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
    const feed = requests.find(([path]) => path === '/v1/feed');
    starts.push({ visit, 'first paint ms': Math.round(paint), 'first story ms': Math.round(story), 'feed asked for at ms': feed?.[1], 'requests until then': requests.length, 'layout shift': Number(shift.toFixed(4)), 'longest task ms': Math.max(0, ...tasks.map(([, length]) => length)) });
    await page.evaluate(() => navigator.serviceWorker.ready);
  }
  await context.close();
  return starts;
}

/**
 * Notes the tasks of the page's own thread until it is asked: how long each kept the processor, not how long it took, so
 * that whatever else the machine does is not counted.
 */
async function noteTasks(devtools) {
  const events = [];
  devtools.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await devtools.send('Tracing.start', { transferMode: 'ReportEvents', categories: 'toplevel,devtools.timeline' });
  return async () => {
    const complete = new Promise((done) => devtools.once('Tracing.tracingComplete', done));
    await devtools.send('Tracing.end');
    await complete;
    const page = events.find(({ name }) => name === 'FunctionCall');
    return events
      .filter(({ name, ph, tid, pid }) => name.endsWith('RunTask') && ph === 'X' && tid === page?.tid && pid === page?.pid)
      .map(({ tdur }) => (tdur ?? 0) / 1_000);
  };
}

/** Scrolls as a thumb does: half a window at a time, without waiting for more than what is drawn. */
async function measureScroll(browser, url) {
  const { context, page, devtools } = await open(browser, url, true);
  await page.goto('/');
  await page.waitForFunction(() => window.figures?.story > 0);
  await quiet(page);
  const tasksUntilNow = await noteTasks(devtools);
  const figures = await page.evaluate(async (deep) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const position = () => Number([...document.querySelectorAll('[aria-posinset]')].at(-1)?.getAttribute('aria-posinset') ?? 0);
    window.figures.tasks.length = 0;
    window.figures.shift = 0;
    const frames = [];
    const begun = performance.now();
    let still = 0;
    while (position() < deep && still < 200) {
      const before = scrollY;
      for (let step = 0; step < 6; step += 1) {
        const at = performance.now();
        scrollBy({ top: 70, behavior: 'instant' });
        await frame();
        frames.push(performance.now() - at);
      }
      still = scrollY === before ? still + 1 : 0;
    }
    frames.sort((a, b) => a - b);
    const at = (part) => Number(frames[Math.floor((frames.length - 1) * part)].toFixed(1));
    const lengths = window.figures.tasks.map(([, length]) => length);
    return {
      stories: position(),
      seconds: Math.round((performance.now() - begun) / 1000),
      'frames': frames.length,
      'frame ms p50': at(0.5),
      'frame ms p99': at(0.99),
      'tasks over 50 ms': lengths.filter((length) => length > 50).length,
      'longest task ms': Math.max(0, ...lengths),
      'elements on the page': document.querySelectorAll('*').length,
      'layout shift': Number(window.figures.shift.toFixed(4)),
    };
  }, DEEP);
  const tasks = await tasksUntilNow();
  figures['tasks over 50 ms of processor'] = tasks.filter((length) => length > 50).length;
  figures['longest task ms of processor'] = Math.round(Math.max(0, ...tasks));
  figures['tasks'] = tasks.length;
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  await context.close();
  return { ...figures, 'script memory MB': Math.round(usedSize / 1e6) };
}

const { url, town } = await startTown(AS);
const browser = await startBrowser();
try {
  for (const start of await measureStart(browser, url)) console.log(start);
  console.log(await measureScroll(browser, url));
} finally {
  await browser.close();
  town.kill('SIGTERM');
  town.kill('SIGTERM');
}
