// Short names for the generated types. Nothing is declared here by hand.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Person = Schemas['Person'];
export type Privacy = Schemas['Privacy'];
export type Relation = Schemas['Relation'];
export type Story = Schemas['Story'];
export type StoryState = Schemas['StoryState'];
export type Comment = Schemas['Comment'];
export type CommentPage = Schemas['CommentPage'];
export type Entity = Schemas['Entity'];
export type Notification = Schemas['Notification'];
export type Session = Schemas['Session'];
export type Suggestion = Schemas['Suggestion'];
export type RegistrationMode = Schemas['RegistrationMode'];
export type OwnInvitation = Schemas['Invitation'];
export type Problem = Schemas['Problem'];
export type FeedPage = Schemas['FeedPage'];
export type Reaction = Schemas['Reaction'];
export type CommentReaction = Schemas['CommentReaction'];

/** Who a story is for. */
export type Audience = 'public' | 'friends';
