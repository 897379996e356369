import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { expectComplaints, kept, openAs, story } from './browser';
import { eventually, PASSWORD, Person } from './town';

/** Ana and Bo share a browser. It is Ana's now, and shows her feed. */
async function sharing(): Promise<{ ana: Person; bo: Person; page: Page }> {
  expectComplaints(/409/);
  const [ana, bo] = [await Person.join({ name: 'Ana Silva' }), await Person.join({ name: 'Bo Reed' })];
  return { ana, bo, page: await openAs(ana, 'desktop') };
}

/** The other person logs in with the same browser, in another tab. */
async function takesOver(page: Page, other: Person): Promise<void> {
  const answer = await page.context().request.post('/v1/sessions', { data: { handle: other.handle, password: PASSWORD } });
  expect(answer.status()).toBe(201);
}

/** The tab has become this person's. Its document changes on the way. */
async function becomes(page: Page, person: Person): Promise<void> {
  await page.waitForFunction((id) => localStorage.getItem('sosik.me')?.includes(id) ?? false, person.id);
}

async function storiesOf(person: Person): Promise<string[]> {
  const page = (await person.ask('GET', `/v1/people/${person.handle}/stories`)) as { items: { text: string }[] };
  return page.items.map(({ text }) => text);
}

describe('two people with one browser', () => {
  it('never post the words of one in the name of the other, and lose none of them', async () => {
    const { ana, bo, page } = await sharing();
    const box = page.getByRole('textbox').first();
    await box.fill('only ana says this');
    // The other one logs in while the story is on its way: nothing has told the page of it before.
    await page.route('**/v1/stories', (route) => takesOver(page, bo).then(() => route.continue()), { times: 1 });
    const refused = page.waitForResponse((response) => response.url().endsWith('/v1/stories'));
    await box.press('Control+Enter');
    expect((await refused).status()).toBe(409);
    // The tab becomes the other person's, with nothing of the first one on the screen.
    await becomes(page, bo);
    await page.getByText('아직은 조용하네요').waitFor();
    expect(await story(page, 'only ana says this').count()).toBe(0);
    expect(await storiesOf(bo)).toEqual([]);
    expect(await storiesOf(ana)).toEqual([]);
    expect(await kept(page)).toContain('only ana says this');
    // It is sent when the first one is back.
    await takesOver(page, ana);
    await page.goto('/');
    await story(page, 'only ana says this').waitFor();
    await eventually(async () => (await storiesOf(ana)).length === 1);
    expect(await storiesOf(bo)).toEqual([]);
  });

  it('find what they have begun when they are back, and not what the other has', async () => {
    const { ana, bo, page } = await sharing();
    const box = page.getByRole('textbox').first();
    await box.fill('ana has only begun');
    await eventually(async () => (await kept(page)).includes('ana has only begun'));
    await takesOver(page, bo);
    await page.goto('/');
    await becomes(page, bo);
    await box.fill('so has bo');
    await eventually(async () => (await kept(page)).includes('so has bo'));
    await takesOver(page, ana);
    await page.goto('/');
    await becomes(page, ana);
    await expect.poll(() => box.inputValue()).toBe('ana has only begun');
    expect(await storiesOf(ana)).toEqual([]);
    expect(await storiesOf(bo)).toEqual([]);
  });

  it('never keep the stories of one under the name of the other', async () => {
    const { ana, bo, page } = await sharing();
    await bo.posts('only bo reads this');
    await page.getByText('아직은 조용하네요').waitFor();
    await takesOver(page, bo);
    // Looking again, as one does after a while, is refused; the tab becomes the other person's.
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await story(page, 'only bo reads this').waitFor();
    const feeds = await page.evaluate(
      () =>
        new Promise<Record<string, string>>((done) => {
          const open = indexedDB.open('sosik');
          open.onsuccess = () => {
            const shelf = open.result.transaction('feeds').objectStore('feeds');
            const found: Record<string, string> = {};
            shelf.openCursor().onsuccess = (event) => {
              const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
              if (!cursor) return done(found);
              found[String(cursor.key)] = JSON.stringify(cursor.value);
              cursor.continue();
            };
          };
        }),
    );
    expect(feeds[ana.id] ?? '').not.toContain('only bo reads this');
  });
});
