// Deleting the account. Apart from the session, so that the first script does not contain what few people ever do.
import { answer, api } from '$/api/client';
import { to } from '$/router/routes';

import { tellTabs } from './acts';
import { endSession } from './index.svelte';

/** Deletes the account and leaves nothing of the person on the device. All tabs go to the log-in page, which says so. */
export async function deleteAccount(current: string): Promise<void> {
  await endSession(async () => {
    await answer(api.POST('/v1/me/deletion', { body: { current } }));
    tellTabs('accountDeleted', {});
  }, to.accountDeleted);
}
