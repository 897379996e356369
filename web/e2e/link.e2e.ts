// The card of a link. The server of the tests cannot reach other sites, so the tests add the preview to its responses.
import type { Route } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { faults } from './axe';
import { EVERY_SIZE, openAs, picture, story } from './browser';
import { Person } from './town';

const LINK = {
  url: 'https://news.example/bridge',
  title: `오래된 다리가 다시 열렸어요 ${'가'.repeat(200)}`,
  description: '걸어서 건너는 길도 넓어졌어요.',
  site: '동네 신문',
  picture: null,
};

/** Answers as the server does, with each item changed. */
async function answers<T>(route: Route, changed: (item: T) => T): Promise<void> {
  const response = await route.fetch();
  const page = (await response.json()) as { items: T[] };
  await route.fulfill({ response, json: { ...page, items: page.items.map(changed) } });
}

describe.each(EVERY_SIZE)('the card of a link, on a %s', (size) => {
  it.each(['light', 'dark'] as const)('is one link to another tab and does not widen the page, in the %s theme', async (colorScheme) => {
    const mina = await Person.join();
    await mina.posts('보세요 https://news.example/bridge');
    const page = await openAs(mina, size, 'about:blank', { colorScheme, serviceWorkers: 'block' });
    await page.route(/\/v1\/feed(\?|$)/, (route) => answers(route, (story: object) => ({ ...story, link: LINK })));
    // The client asks for the story again as soon as the server knows that the site does not answer.
    await page.route(/\/v1\/stories(\?|$)/, (route) =>
      answers(route, (state: { story?: object }) => ({ ...state, story: state.story && { ...state.story, link: LINK } })),
    );
    await page.goto('/');
    const card = story(page, '보세요').getByRole('link', { name: /동네 신문 · news\.example/ });
    await card.waitFor();
    expect(await card.getAttribute('target')).toBe('_blank');
    expect(await card.getAttribute('rel')).toContain('noopener');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
    await picture(page, `feed-link-${colorScheme}-${size}`);
    expect(await faults(page)).toEqual([]);
  });
});
