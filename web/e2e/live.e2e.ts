import { it } from 'vitest';

import { openDevice } from './browser';
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
