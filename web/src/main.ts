// The beginning. Everything that needs the network is asked for at once: the texts of the language, the feed, and who this
// is; the first feed waits for one answer, not for one after the other.
import { mount } from 'svelte';

import './design/tokens.css';
import './design/base.css';
import App from './App.svelte';
import { whenOtherPerson, whenSessionEnds } from './api/client';
import { sit } from './feed/sitting.svelte';
import { startClock } from './language/clock.svelte';
import { preferredLanguage, speak } from './language/index.svelte';
import { onPersonKept } from './offline/settings';
import { startWorker } from './offline/start-worker';
import { OPEN_PAGES } from './pages';
import { startRouter } from './router/index.svelte';
import { match } from './router/routes';
import { askWho, forget, heardOfPerson, isNobody, me, otherPerson } from './session/index.svelte';
import { startTheme } from './settings/theme.svelte';

async function start(): Promise<void> {
  whenSessionEnds(() => void forget());
  whenOtherPerson(otherPerson);
  onPersonKept(heardOfPerson);
  startTheme();
  const speaking = speak(preferredLanguage());
  const remembered = me();
  // Strangers at the gate are not asked for: the answer would be an error on their console.
  const { page } = match(location.pathname);
  // The page of invitations is one's own unless the address has a token.
  const isOpen = page === 'invite' ? location.hash.length > 1 : OPEN_PAGES.includes(page);
  const isStranger = !remembered && isOpen;
  const asking = isStranger ? isNobody() : askWho();
  if (remembered) sit(remembered);
  // Texts of another language are better than a page that never comes.
  await speaking.catch(() => speak('en'));
  if (!remembered) await asking;
  startRouter();
  startClock();
  mount(App, { target: document.getElementById('app') as HTMLElement });
  startWorker();
}

void start();
