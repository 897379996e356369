// The browser that scripts and end-to-end tests drive: the system's Chromium, without anything that talks to its maker.
import { chromium } from 'playwright-core';

/** Where Chromium is. */
export const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/** Starts it. */
export function startBrowser() {
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}
