// Posting, from the page's side: a story is shown the moment it is posted, kept on the device until the server has it, and
// sent again when the network is back. Refused ones stay, with the reason, until the person edits or discards them.
import type { Audience, Story } from '$/api/types';
import { freshIdempotencyKey } from '$/api/client';
import { allUnsent, dropUnsent, keepUnsent, OUTBOX_SYNC, sendOnce, type Unsent } from '$/offline/outbox';
import { present } from '$/language/clock.svelte';
import { t } from '$/language/index.svelte';
import { whenBack } from '$/parts/network.svelte';
import { tell } from '$/parts/toasts.svelte';
import { hearTabs, tellTabs } from '$/session/acts';
import { forget, otherPerson } from '$/session/index.svelte';

/** Tried again after so long while the page is open; doubles up to the maximum. */
const WAIT_FIRST = 3_000;
const WAIT_MAX = 60_000;

/** What is on its way, newest first. */
class Outbox {
  list = $state.raw<Unsent[]>([]);
}

const outbox = new Outbox();
const sending = new Set<string>();
let onSent: (story: Story) => void = () => undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let wait = WAIT_FIRST;

/** Stories on their way, newest first. */
export function unsent(): Unsent[] {
  return outbox.list;
}

/** Takes up what was left unsent, and sends whenever that may help. `sent` is told of every story that arrives. */
export async function startOutbox(person: string, sent: (story: Story) => void): Promise<void> {
  onSent = sent;
  const left = await allUnsent(person);
  outbox.list = [...outbox.list, ...left.filter((one) => !outbox.list.some(({ key }) => key === one.key)).reverse()];
  whenBack(() => void sendAll());
  hearTabs('posted', ({ key, story }) => {
    outbox.list = outbox.list.filter((one) => one.key !== key);
    onSent(story);
  });
  navigator.serviceWorker?.addEventListener('message', (event: MessageEvent<{ sent?: string; story?: Story }>) => {
    if (event.data.sent && event.data.story) arrived(event.data.sent, event.data.story);
  });
  await sendAll();
}

/** Posts a story. It is on the screen when this returns, and on the server when that can be reached. */
export async function post(person: string, text: string, audience: Audience): Promise<void> {
  const one: Unsent = { key: freshIdempotencyKey(), person, text, audience, at: present(), refused: null };
  outbox.list = [one, ...outbox.list];
  await keepUnsent(one);
  void send(one);
}

/** Tries again what waits. */
export async function sendAll(): Promise<void> {
  for (const one of [...outbox.list].reverse()) if (!one.refused) await send(one);
}

/** The person no longer wants to post it. */
export function discard(key: string): void {
  outbox.list = outbox.list.filter((one) => one.key !== key);
  void dropUnsent(key);
}

async function send(one: Unsent): Promise<void> {
  if (sending.has(one.key)) return;
  sending.add(one.key);
  try {
    const result = await sendOnce(one);
    if (result === 'later') sendLater();
    else if (result === 'logged-out') await forget();
    else if (result === 'other-person') otherPerson();
    else if ('story' in result) arrived(one.key, result.story);
    else await refuse(one, result.refused);
  } finally {
    sending.delete(one.key);
  }
}

function arrived(key: string, story: Story): void {
  wait = WAIT_FIRST;
  const waited = outbox.list.find((one) => one.key === key);
  discard(key);
  onSent(story);
  tellTabs('posted', { key, story });
  if (waited && present() - waited.at > WAIT_FIRST) tell(t('outbox.sent'));
}

async function refuse(one: Unsent, code: string): Promise<void> {
  const refused = { ...one, refused: code };
  outbox.list = outbox.list.map((other) => (other.key === one.key ? refused : other));
  await keepUnsent(refused);
}

function sendLater(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void sendAll(), wait);
  wait = Math.min(wait * 2, WAIT_MAX);
  // When the page is closed before, the service worker sends it.
  void navigator.serviceWorker?.ready.then((registration) =>
    (registration as ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }).sync
      ?.register(OUTBOX_SYNC)
      .catch(() => undefined),
  );
}
