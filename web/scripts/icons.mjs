// Draws the icons that are pictures from the one that is lines: `npm run icons`, after the mark has changed.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { startBrowser } from './browser.mjs';

const folder = fileURLToPath(new URL('../public/icons/', import.meta.url));
const mark = readFileSync(`${folder}mark.svg`, 'utf8');
const bird = mark.replace(/<circle cx="32" cy="32"[^>]*>/, '');
const GROUND = '#e4eeee';

/** Name, size, how much of it the drawing fills, and whether the ground reaches the edges. */
const ICONS = [
  ['app-192', 192, 1, 'disc'],
  ['app-512', 512, 1, 'disc'],
  // A system may cut a circle of 80 % out of it.
  ['maskable-512', 512, 0.66, 'full'],
  ['apple-180', 180, 0.8, 'full'],
];

const browser = await startBrowser();
const page = await browser.newPage();
for (const [name, size, part, ground] of ICONS) {
  await page.setViewportSize({ width: size, height: size });
  const drawing = `data:image/svg+xml;base64,${Buffer.from(ground === 'full' ? bird : mark).toString('base64')}`;
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${ground === 'full' ? GROUND : 'transparent'}">` +
      `<img src="${drawing}" style="width:${size * part}px;height:${size * part}px">`,
  );
  writeFileSync(`${folder}${name}.png`, await page.screenshot({ omitBackground: true }));
}
await browser.close();
