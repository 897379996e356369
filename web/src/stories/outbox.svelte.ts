// Posting, from the page's side: a story is shown the moment it is posted, kept on the device until the server has it, and
// sent again when the network is back. Refused ones stay, with the reason, until the person edits or discards them.
import type { Audience, Story } from '$/api/types';
import { freshIdempotencyKey } from '$/api/client';
import {
  allUnsent,
  awaitsFiles,
  dropUnsent,
  keepUnsent,
  OUTBOX_SYNC,
  sendOnce,
  takeBack,
  type Unsent,
  type UnsentAttachment,
} from '$/offline/outbox';
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

type Outgoing = typeof import('$/media/outgoing');
let outgoing: Promise<Outgoing> | null = null;

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
    void releaseFiles(outbox.list.find((one) => one.key === key));
    outbox.list = outbox.list.filter((one) => one.key !== key);
    onSent(story);
  });
  navigator.serviceWorker?.addEventListener('message', (event: MessageEvent<{ sent?: string; story?: Story }>) => {
    if (event.data.sent && event.data.story) arrived(event.data.sent, event.data.story);
  });
  await sendAll();
}

/** Posts a story. It is on the screen when this returns, and on the server when that can be reached. */
export async function post(person: string, text: string, audience: Audience, attachments: UnsentAttachment[] = []): Promise<void> {
  const files = attachments.length > 0 ? { attachments } : {};
  const one: Unsent = { key: freshIdempotencyKey(), person, text, audience, ...files, at: present(), refused: null };
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
  const one = outbox.list.find((other) => other.key === key);
  outbox.list = outbox.list.filter((other) => other.key !== key);
  void cancelFiles(one).finally(() => dropUnsent(one ?? { key }));
}

/** The person edits it again. Its files stay where they are. */
export function takeOut(key: string): void {
  outbox.list = outbox.list.filter((other) => other.key !== key);
  void takeBack(key);
}

async function send(asked: Unsent): Promise<void> {
  if (sending.has(asked.key)) return;
  sending.add(asked.key);
  try {
    const one = asked.attachments ? await withFiles(asked) : asked;
    if (!one || !outbox.list.some(({ key }) => key === one.key)) return;
    const result = await sendOnce(one);
    if (result === 'later') sendLater();
    else if (result === 'logged-out') await forget();
    else if (result === 'other-person') otherPerson();
    else if ('story' in result) arrived(one.key, result.story);
    else await refused(one, result.refused);
  } finally {
    sending.delete(asked.key);
  }
}

/** What looks after files is loaded with the first story that has some. */
function loadOutgoing(): Promise<Outgoing> {
  outgoing ??= import('$/media/outgoing').then((loaded) => {
    loaded.whenSettled(() => void sendAll());
    return loaded;
  });
  outgoing.catch(() => (outgoing = null));
  return outgoing;
}

/** The story with the ids of its media; null while they are uploaded, and when it is refused. */
async function withFiles(one: Unsent): Promise<Unsent | null> {
  if (!awaitsFiles(one)) return one;
  const loaded = await loadOutgoing().catch(() => null);
  const files = (await loaded?.filesOf(one)) ?? 'later';
  // A story whose upload goes on is sent when that is complete; without what looks after it, it is tried again.
  if (files === 'later') return loaded ? null : (sendLater(), null);
  if ('refused' in files) return await refuse(one, files.refused), null;
  const ready = { ...one, attachments: files.ready };
  await replace(ready);
  return ready;
}

async function cancelFiles(one: Unsent | undefined): Promise<void> {
  if (!one?.attachments) return;
  const loaded = await loadOutgoing().catch(() => null);
  await loaded?.cancelAll(one.attachments);
}

async function releaseFiles(one: Unsent | undefined): Promise<void> {
  if (!one?.attachments) return;
  const loaded = await loadOutgoing().catch(() => null);
  for (const { file } of one.attachments) loaded?.release(file);
}

function arrived(key: string, story: Story): void {
  wait = WAIT_FIRST;
  const waited = outbox.list.find((one) => one.key === key);
  outbox.list = outbox.list.filter((other) => other.key !== key);
  void releaseFiles(waited);
  void dropUnsent(waited ?? { key });
  onSent(story);
  tellTabs('posted', { key, story });
  if (waited && present() - waited.at > WAIT_FIRST) tell(t('outbox.sent'));
}

async function refused(one: Unsent, code: string): Promise<void> {
  // The server keeps media that belong to no story for a while only.
  const mayBeExpired = code === 'media_not_yours' && one.attachments && !one.again;
  if (!mayBeExpired) return refuse(one, code);
  const loaded = await loadOutgoing();
  await replace(await loaded.again(one));
}

async function refuse(one: Unsent, code: string): Promise<void> {
  await replace({ ...one, refused: code });
}

async function replace(changed: Unsent): Promise<void> {
  outbox.list = outbox.list.map((other) => (other.key === changed.key ? changed : other));
  await keepUnsent(changed);
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
