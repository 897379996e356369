// What people are to each other, and changing it. Every change is shown when the server has agreed; what it hides is hidden
// everywhere at once.
import { answer, api } from '$/api/client';
import { messageOf } from '$/api/failure';
import type { Person, Relation } from '$/api/types';
import { sitting } from '$/feed/sitting.svelte';
import { t } from '$/language/index.svelte';
import { confirmed } from '$/parts/dialog.svelte';
import { tell } from '$/parts/toasts.svelte';
import { hearTabs, tellTabs } from '$/session/acts';
import { hideStoriesOf, takeOffHome } from '$/stories/live.svelte';
import { forgetRefusals, hearOf } from '$/stories/refusals.svelte';

/** What a person is to the one who looks, as shown on a profile or in a list. */
export interface Standing {
  relation: Relation;
  muted: boolean;
  /** Whether one follows them. While a friend request is open the server names only the request: then what was done here. */
  follows: boolean;
}

class Standings {
  changed = $state.raw<Record<string, Standing>>({});
}

// What was changed since a person was last asked for, by id: lists and profiles show it without asking again.
const standings = new Standings();

/** What this person is to us now. */
export function standingOf(person: Person): Standing {
  return standings.changed[person.id] ?? { relation: person.relation ?? 'none', muted: person.muted ?? false, follows: person.relation === 'following' };
}

/** The server has told anew what this person is to us. */
export function standsAnew(person: Person): void {
  hearOf([person]);
  const { [person.id]: old, ...others } = standings.changed;
  if (!old) return;
  standings.changed = others;
  if (old.follows && isAsking(person.relation)) note(person, { follows: true });
}

/** Whether a friend request is open, in either direction. The server then says nothing of a follow. */
function isAsking(relation: Relation | null | undefined): boolean {
  return relation === 'requested' || relation === 'asked';
}

function note(person: Person, change: Partial<Standing>): void {
  stands(person.id, { ...standingOf(person), ...change });
}

function stands(person: string, standing: Standing): void {
  forgetRefusals();
  standings.changed = { ...standings.changed, [person]: standing };
}

hearTabs('stands', ({ person, standing }) => stands(person, standing));

type Step = (person: Person) => Promise<void>;

/** Does one step with a person and shows what became of it, or why not. */
async function step(person: Person, call: Promise<unknown>, change: Partial<Standing>, said?: string): Promise<boolean> {
  try {
    await call;
    note(person, change);
    tellTabs('stands', { person: person.id, standing: standingOf(person) });
    if (said) tell(said);
    return true;
  } catch (failure) {
    tell(messageOf(failure), 'failure');
    return false;
  }
}

const at = (person: Person) => ({ params: { path: { person: person.id } } });
const called = (person: Person) => ({ name: person.display_name });

/** One sees more than before: it is put into the home feed without being asked for. */
function grown(done: boolean): void {
  if (!done) return;
  void sitting()?.home.renew().catch(() => undefined);
  tellTabs('grown', {});
}

// In another tab nobody waits for it: what it brings waits to be asked for.
hearTabs('grown', () => void sitting()?.home.lookAgain().catch(() => undefined));

/** Asks to be friends; accepts when they asked first. */
export const befriend: Step = async (person) => {
  const asked = standingOf(person).relation === 'asked';
  const call = asked
    ? answer(api.POST('/v1/friend-requests/{person}/accept', at(person)))
    : answer(api.PUT('/v1/friend-requests/{person}', at(person)));
  const done = await step(person, call, { relation: asked ? 'friend' : 'requested' }, asked ? t('person.now-friends', called(person)) : undefined);
  grown(done && asked);
};

/** Takes back a request, or declines theirs. A follow stays. */
export const dropRequest: Step = async (person) => {
  const relation = standingOf(person).follows ? 'following' : 'none';
  await step(person, answer(api.DELETE('/v1/friend-requests/{person}', at(person))), { relation });
};

/** Ends a friendship, when one is sure. */
export const unfriend: Step = async (person) => {
  const sure = await confirmed({
    title: t('person.unfriend-title', called(person)),
    text: t('person.unfriend-text'),
    yes: t('person.unfriend'),
    danger: true,
  });
  if (sure && (await step(person, answer(api.DELETE('/v1/friends/{person}', at(person))), { relation: 'none' }))) {
    hideStoriesOf(person.id, 'friends');
  }
};

/** The relation after following or no longer: a friend request that is open hides both. */
function beside(person: Person, relation: Relation): Partial<Standing> {
  return isAsking(standingOf(person).relation) ? {} : { relation };
}

/** Begins to follow. */
export const follow: Step = async (person) => {
  grown(await step(person, answer(api.PUT('/v1/follows/{person}', at(person))), { ...beside(person, 'following'), follows: true }));
};

/** Stops following: who is no friend leaves the home feed. */
export const unfollow: Step = async (person) => {
  const change = { ...beside(person, 'none'), follows: false };
  if (await step(person, answer(api.DELETE('/v1/follows/{person}', at(person))), change)) takeOffHome(person.id);
};

/** No longer sees them; they do not know. */
export const mute: Step = async (person) => {
  const muted = t('person.muted', called(person));
  if (await step(person, answer(api.PUT('/v1/mutes/{person}', at(person))), { muted: true }, muted)) takeOffHome(person.id);
};

/** Sees them again. */
export const unmute: Step = async (person) => {
  grown(await step(person, answer(api.DELETE('/v1/mutes/{person}', at(person))), { muted: false }, t('person.unmuted', called(person))));
};

/** Neither sees the other any more, when one is sure. */
export const block: Step = async (person) => {
  const sure = await confirmed({
    title: t('person.block-title', called(person)),
    text: t('person.block-text'),
    yes: t('person.block-yes'),
    danger: true,
  });
  if (!sure) return;
  const blocked = t('person.blocked', called(person));
  if (await step(person, answer(api.PUT('/v1/blocks/{person}', at(person))), { relation: 'blocked', follows: false }, blocked)) hideStoriesOf(person.id);
};

/** Lets them be seen again. Friendship and follows do not come back by themselves. */
export const unblock: Step = async (person) => {
  await step(person, answer(api.DELETE('/v1/blocks/{person}', at(person))), { relation: 'none' }, t('person.unblocked', called(person)));
};
