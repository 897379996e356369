//! A store around another store, for tests: it changes some calls and passes on the others.
//!
//! A [`StoreLayer`] overrides the calls that it changes, or one of the methods `around…`, through which every other call
//! passes. [`Layered`] makes a store of it. The list at the end of this file repeats the signatures of the contract: a
//! call that differs from the contract, or is missing, does not compile.

use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::{
    Circle, CommentId, InvitationId, MediaId, NotificationId, PersonId, Relation, SessionId,
    StoryId, Timestamp, Visibility,
};

use crate::*; // the contract and its records: nearly all of them occur below

/// A store made of a layer.
pub struct Layered<L>(pub L);

/// The result of a call, by its kind.
macro_rules! answer {
    (commit $answer:ty) => { StoreResult<Committed<$answer>> };
    ($kind:ident $answer:ty) => { StoreResult<$answer> };
}

/// Passes a call through the method of the layer for its kind.
macro_rules! around {
    (read $layer:expr, $call:expr, $work:expr) => {
        $layer.around_read($call, $work).await
    };
    (write $layer:expr, $call:expr, $work:expr) => {
        $layer.around_write($call, $work).await
    };
    (commit $layer:expr, $call:expr, $work:expr) => {
        $layer.around_commit($call, $work).await
    };
}

/// Declares the layer and the store made of it. Each call has a kind:
/// - `read`: it changes nothing.
/// - `write`: it returns no position.
/// - `commit`: it returns the position of its commit.
macro_rules! layers {
    (
        store { $($contract:ident {
            $($kind:ident $method:ident($($name:ident: $type:ty),* $(,)?) -> $answer:ty;)*
        })* }
        operations { $($operation:ident {
            $($op_kind:ident $op:ident($($op_name:ident: $op_type:ty),* $(,)?) -> $op_answer:ty;)*
        })* }
    ) => {
        /// The calls that pass through the methods `around…` of a layer, by contract and method.
        pub const CALLS: &[&str] = &[
            $($(concat!(stringify!($contract), "::", stringify!($method)),)*)*
            $($(concat!(stringify!($operation), "::", stringify!($op)),)*)*
            "Store::check",
        ];

        /// A store around another store.
        #[async_trait]
        #[expect(missing_docs, reason = "see the contract")]
        pub trait StoreLayer: Send + Sync + 'static {
            /// The type of the other store.
            type Inner: Store + ?Sized;

            /// The other store.
            fn inner(&self) -> &Self::Inner;

            /// Makes a call of the other store. The call is one of [`CALLS`]; `work` has not begun.
            async fn around<T: Send>(
                &self,
                _call: &'static str,
                work: impl Future<Output = StoreResult<T>> + Send,
            ) -> StoreResult<T> {
                work.await
            }

            /// Makes a call that changes nothing.
            async fn around_read<T: Send>(
                &self,
                call: &'static str,
                work: impl Future<Output = StoreResult<T>> + Send,
            ) -> StoreResult<T> {
                self.around(call, work).await
            }

            /// Makes a write that returns no position.
            async fn around_write<T: Send>(
                &self,
                call: &'static str,
                work: impl Future<Output = StoreResult<T>> + Send,
            ) -> StoreResult<T> {
                self.around(call, work).await
            }

            /// Makes a write that returns the position of its commit.
            async fn around_commit<T: Send>(
                &self,
                call: &'static str,
                work: impl Future<Output = StoreResult<Committed<T>>> + Send,
            ) -> StoreResult<Committed<T>> {
                self.around(call, work).await
            }

            $($(async fn $method(&self, $($name: $type),*) -> answer!($kind $answer) {
                let call = concat!(stringify!($contract), "::", stringify!($method));
                around!($kind self, call, self.inner().$method($($name),*))
            })*)*
        }

        $(#[async_trait]
        impl<L: StoreLayer> $contract for Layered<L> {
            $(async fn $method(&self, $($name: $type),*) -> answer!($kind $answer) {
                self.0.$method($($name),*).await
            })*
        })*

        $(#[async_trait]
        impl<L: StoreLayer<Inner: $operation>> $operation for Layered<L> {
            $(async fn $op(&self, $($op_name: $op_type),*) -> answer!($op_kind $op_answer) {
                let call = concat!(stringify!($operation), "::", stringify!($op));
                around!($op_kind self.0, call, self.0.inner().$op($($op_name),*))
            })*
        })*
    };
}

#[async_trait]
impl<L: StoreLayer> Store for Layered<L> {
    async fn check(&self) -> StoreResult<()> {
        let work = self.0.inner().check();
        self.0.around_read("Store::check", work).await
    }

    fn unready(&self) -> Option<&'static str> {
        self.0.inner().unready()
    }

    fn stats(&self) -> StoreStats {
        self.0.inner().stats()
    }

    async fn close(&self) {
        self.0.inner().close().await;
    }
}

layers! {
    store {
        Accounts {
            commit sign_up(person: NewPerson) -> SignUp;
            read credentials(handle: &str) -> Option<Credentials>;
            read credentials_of(person: PersonId) -> Option<Credentials>;
            commit change_password(change: PasswordChange) -> Option<Vec<TokenHash>>;
            read knows_device(handle: &str, device: &TokenHash) -> bool;
            write remember_device(
                person: PersonId,
                device: TokenHash,
                now: Timestamp,
                devices_max: u32,
            ) -> ();
        }
        Sessions {
            commit add_session(session: SessionRecord, sessions_max: u32) -> Vec<TokenHash>;
            read session(token: &TokenHash, at_least: CommitPosition) -> Option<SessionRecord>;
            write touch_session(token: &TokenHash, used_at: Timestamp) -> ();
            read sessions_of(person: PersonId) -> Vec<SessionRecord>;
            commit end_session(person: PersonId, session: SessionId) -> Option<TokenHash>;
            commit end_other_sessions(person: PersonId, keep: SessionId) -> Vec<TokenHash>;
            write remove_stale_sessions(now: Timestamp, idle_since: Timestamp, limit: u32) -> u64;
        }
        Closures {
            commit close_account(closing: AccountClosing) -> Option<Vec<TokenHash>>;
            read closed_accounts(after: PersonId, limit: u32) -> Vec<ClosedAccount>;
            read remains_of(person: PersonId, limit: u32) -> PersonRemains;
            write erase_own_rows(person: PersonId, limit: u32) -> RowsLeft;
            write finish_erasure(person: PersonId, now: Timestamp) -> ();
        }
        Invitations {
            write add_invitation(invitation: NewInvitation, invitations_max: u32) -> bool;
            read invitations_of(inviter: PersonId, now: Timestamp) -> Vec<InvitationRecord>;
            read open_invitation(key: InvitationKey) -> Option<InvitationRecord>;
            write revoke_invitation(inviter: PersonId, invitation: InvitationId) -> bool;
            commit sign_up_invited(person: NewPerson, key: InvitationKey) -> SignUp;
            commit befriend_invited(
                invited: PersonId,
                inviter: PersonId,
                limits: RelationLimits,
                notification: NotificationId,
                now: Timestamp,
            ) -> RelationChange;
        }
        Suggestions {
            write put_aside(
                person: PersonId,
                other: PersonId,
                now: Timestamp,
                put_aside_max: u32,
            ) -> ();
            write take_up_again(person: PersonId, other: PersonId) -> ();
            read people_put_aside(person: PersonId) -> Vec<PersonId>;
            read most_followed(limit: u32) -> Vec<FollowedPerson>;
        }
        People {
            read people(ids: &[PersonId], at_least: CommitPosition) -> Vec<PersonRecord>;
            read person_by_handle(handle: &str) -> Option<PersonRecord>;
            commit change_profile(person: PersonId, change: ProfileChange) -> Option<PersonRecord>;
            read person_counts(person: PersonId) -> PersonCounts;
            read handle_use(handle: &str, skeleton: &str) -> HandleUse;
            read people_by_term(after: &TermPlace, to: &str, limit: u32) -> Vec<FoundByTerm>;
            read with_term_among(people: &[PersonId], from: &str, to: &str) -> Vec<PersonId>;
            read people_after(after: PersonId, limit: u32) -> Vec<PersonId>;
            read read_position(person: PersonId, at_least: CommitPosition) -> StoryId;
            commit advance_read_position(person: PersonId, story: StoryId) -> StoryId;
        }
        Relations {
            commit send_friend_request(
                asker: PersonId,
                asked: PersonId,
                limits: RelationLimits,
                notification: NotificationId,
                now: Timestamp,
            ) -> RelationChange;
            commit accept_friend_request(
                asked: PersonId,
                asker: PersonId,
                limits: RelationLimits,
                notification: NotificationId,
                now: Timestamp,
            ) -> RelationChange;
            commit remove_friend_request(person: PersonId, other: PersonId) -> RelationChange;
            commit unfriend(person: PersonId, other: PersonId) -> RelationChange;
            commit follow(
                follower: PersonId,
                followee: PersonId,
                limits: RelationLimits,
                now: Timestamp,
            ) -> RelationChange;
            commit unfollow(follower: PersonId, followee: PersonId) -> RelationChange;
            commit block(
                blocker: PersonId,
                blocked: PersonId,
                limits: RelationLimits,
                now: Timestamp,
            ) -> RelationChange;
            commit unblock(blocker: PersonId, blocked: PersonId) -> RelationChange;
            commit mute(
                muter: PersonId,
                muted: PersonId,
                limits: RelationLimits,
                now: Timestamp,
            ) -> RelationChange;
            commit unmute(muter: PersonId, muted: PersonId) -> RelationChange;
            read relation(person: PersonId, other: PersonId) -> Relation;
            read circle(person: PersonId, at_least: CommitPosition) -> Circle;
            read have_common_friend(one: PersonId, other: PersonId) -> bool;
            read blockers_among(person: PersonId, people: &[PersonId]) -> Vec<PersonId>;
            read related(
                person: PersonId,
                list: PeopleList,
                before: Option<Position>,
                limit: u32,
            ) -> Vec<RelatedPerson>;
            read readers_of_many(queries: Vec<ReadersQuery>, max: ReadersMax) -> Vec<ReaderChunk>;
            write large_authors(authors: Vec<PersonId>, limits: LargeAuthorLimits) -> Vec<bool>;
        }
        Stories {
            commit post(story: NewStory) -> Posted<StoryId>;
            read stories(ids: &[StoryId], at_least: CommitPosition) -> Vec<StoryRecord>;
            read deleted_stories(ids: &[StoryId], at_least: CommitPosition) -> Vec<StoryId>;
            commit edit_story(edit: StoryEdit) -> Option<Edited<StoryRecord>>;
            commit delete_story(story: StoryId, author: PersonId, now: Timestamp) -> bool;
            read stories_of(
                author: PersonId,
                visibility: Visibility,
                before: Option<StoryId>,
                limit: u32,
            ) -> Vec<StoryId>;
            read stories_with_tag(
                tag: &str,
                viewer: PersonId,
                before: Option<StoryId>,
                limit: u32,
            ) -> Vec<StoryId>;
            read public_stories(before: Option<StoryId>, limit: u32) -> Vec<StoryId>;
            write purge_story(story: StoryId, rows_max: u32) -> bool;
            write delete_idempotency_keys(before: Timestamp, limit: u32) -> u64;
        }
        Likes {
            commit like(
                person: PersonId,
                story: StoryId,
                notification: NotificationId,
                now: Timestamp,
            ) -> Option<Liked>;
            commit unlike(person: PersonId, story: StoryId) -> Option<Liked>;
            read liked_stories(person: PersonId, limit: u32, at_least: CommitPosition) -> LikedStories;
            read liked_among(person: PersonId, stories: &[StoryId]) -> Vec<StoryId>;
            read likers(story: StoryId, before: Option<Position>, limit: u32) -> Vec<RelatedPerson>;
            read likes_hidden_from(viewer: PersonId, story: StoryId) -> u32;
        }
        Comments {
            commit comment(comment: NewComment) -> (Posted<CommentId>, StoryCounts);
            read comment_by_id(comment: CommentId) -> Option<CommentRecord>;
            read comments_of(story: StoryId, after: CommentId, limit: u32) -> Vec<CommentRecord>;
            read replies_of(parent: CommentId, after: CommentId, limit: u32) -> Vec<CommentRecord>;
            read reply_authors(parents: &[CommentId], each: u32) -> Vec<(CommentId, PersonId)>;
            read comments_hidden_from(viewer: PersonId, story: StoryId) -> u32;
            read earlier_comment(
                author: PersonId,
                idempotency: Idempotency,
            ) -> Option<Posted<CommentId>>;
            commit edit_comment(edit: CommentEdit) -> Option<Edited<CommentRecord>>;
            commit delete_comment(comment: CommentId, person: PersonId) -> Option<DeletedComment>;
        }
        Media {
            write add_media(media: NewMedia, quota: MediaQuota) -> MediaAdded;
            read media(media: MediaId) -> Option<MediaRecord>;
            write delete_media(media: MediaId, owner: PersonId, now: Timestamp) -> MediaDeletion;
            write delete_unused_media(
                uploaded_before: Timestamp,
                now: Timestamp,
                limit: u32,
            ) -> u64;
            write claim_media(queue: MediaQueue, now: Timestamp, until: Timestamp) -> Option<MediaTask>;
            write renew_media_claim(media: MediaId, attempt: u32, until: Timestamp) -> bool;
            write release_media(media: MediaId, attempt: u32, due_at: Timestamp) -> bool;
            commit finish_media(
                media: MediaId,
                attempt: u32,
                result: Processed,
            ) -> Finished<StoryId>;
            commit finish_avatar(
                media: MediaId,
                attempt: u32,
                result: Processed,
                now: Timestamp,
            ) -> Finished<PersonId>;
            commit remove_avatar(person: PersonId, now: Timestamp) -> bool;
            commit attach_media(
                author: PersonId,
                story: StoryId,
                attachments: Vec<NewAttachment>,
            ) -> bool;
            write forget_media(media: MediaId) -> ();
            read known_media(media: &[MediaId]) -> Vec<MediaId>;
            read media_files(media: &[MediaId]) -> Vec<MediaFiles>;
            read media_files_after(after: MediaId, limit: u32) -> Vec<MediaFiles>;
            read media_stats() -> MediaStats;
        }
        Uploads {
            write add_upload(
                upload: NewUpload,
                quota: MediaQuota,
                incomplete_max: u32,
            ) -> UploadAdded;
            read upload(upload: MediaId) -> Option<UploadRecord>;
            write hold_upload(
                upload: MediaId,
                owner: PersonId,
                now: Timestamp,
                until: Timestamp,
            ) -> UploadHold;
            write keep_upload(progress: UploadProgress) -> bool;
            write complete_upload(
                holder: u32,
                media: NewMedia,
                quota: MediaQuota,
            ) -> UploadCompleted;
            write delete_upload(upload: MediaId, owner: PersonId) -> Option<UploadRecord>;
            write expire_uploads(now: Timestamp, limit: u32) -> Vec<UploadRecord>;
            read uploads_after(after: MediaId, limit: u32) -> Vec<UploadRecord>;
        }
        Previews {
            write claim_preview(now: Timestamp, until: Timestamp) -> Option<PreviewTask>;
            write postpone_preview(preview: MediaId, attempt: u32, due_at: Timestamp) -> ();
            commit finish_preview(
                preview: MediaId,
                attempt: u32,
                result: Option<StoryLink>,
            ) -> Option<StoryId>;
            write forget_preview(preview: MediaId) -> ();
            read known_folders(folders: &[MediaId]) -> Vec<MediaId>;
            read preview_files(previews: &[MediaId]) -> Vec<MediaFiles>;
            read preview_files_after(after: MediaId, limit: u32) -> Vec<MediaFiles>;
            write claim_link(claim: LinkClaim) -> LinkState;
            write finish_link(result: LinkResult) -> bool;
            read expired_links(before: Timestamp, limit: u32) -> Vec<ExpiredLink>;
            write forget_link(link: ExpiredLink) -> ();
        }
        Saved {
            write save_story(
                person: PersonId,
                story: StoryId,
                saved_max: u32,
                now: Timestamp,
            ) -> SaveOutcome;
            write unsave_story(person: PersonId, story: StoryId) -> bool;
            read has_saved(person: PersonId, story: StoryId) -> bool;
            read saved_stories(
                person: PersonId,
                before: Option<Position>,
                limit: u32,
            ) -> Vec<SavedStory>;
        }
        CommentLikes {
            commit like_comment(
                person: PersonId,
                comment: CommentId,
                notification: NotificationId,
                now: Timestamp,
            ) -> Option<LikedComment>;
            commit unlike_comment(person: PersonId, comment: CommentId) -> Option<LikedComment>;
            read liked_comments_among(person: PersonId, comments: &[CommentId]) -> Vec<CommentId>;
            read comment_likers(
                comment: CommentId,
                before: Option<Position>,
                limit: u32,
            ) -> Vec<RelatedPerson>;
            write purge_comment_likes(limit: u32) -> u64;
        }
        CursorKeys {
            read cursor_keys() -> Vec<CursorKey>;
            write add_cursor_key(key: CursorKey) -> ();
        }
        Feeds {
            read newest(
                reader: PersonId,
                circle: &Circle,
                before: Option<StoryId>,
                limit: u32,
                at_least: CommitPosition,
            ) -> Vec<StoryId>;
            read feed_by_definition(reader: PersonId, span: StorySpan, limit: u32) -> Vec<StoryId>;
        }
        Notifications {
            read notifications(
                person: PersonId,
                list: NotificationList,
                before: Option<NotificationId>,
                limit: u32,
            ) -> Vec<NotificationRecord>;
            commit mark_notifications_read(person: PersonId, up_to: NotificationId) -> ();
            write delete_withdrawn(before: Timestamp, limit: u32) -> u64;
        }
        Orders {
            write claim_orders(claim: Claim, now: Timestamp, limit: u32) -> Vec<Order>;
            write order_progress(progress: Vec<(HeldOrder, PersonId)>, until: Timestamp) -> Vec<bool>;
            write finish_orders(done: Vec<HeldOrder>) -> ();
            write fail_orders(failed: Vec<FailedOrder>, attempts_max: u32) -> ();
            write release_orders(process: u64, now: Timestamp) -> u64;
            read order_stats() -> OrderStats;
            read delivery_progress(now: Timestamp) -> DeliveryProgress;
            read late_stories(after: u64) -> Option<Vec<LateStory>>;
            read dead_orders(limit: u32) -> Vec<DeadOrder>;
            write retry_dead_orders(now: Timestamp) -> u64;
        }
        Nodes {
            write lease_node(request: LeaseRequest) -> NodeLease;
            write renew_node(
                lease: NodeLease,
                last_id_at: Timestamp,
                now: Timestamp,
                span: Duration,
            ) -> NodeLease;
            write release_node(lease: NodeLease, last_id_at: Timestamp) -> ();
        }
    }
    operations {
        Imports {
            write sign_up_many(people: Vec<NewPerson>) -> u64;
            write befriend_many(pairs: Vec<(PersonId, PersonId)>, now: Timestamp) -> u64;
            write follow_many(pairs: Vec<(PersonId, PersonId)>, now: Timestamp) -> u64;
            write post_many(stories: Vec<NewStory>) -> u64;
            write comment_many(comments: Vec<NewComment>) -> u64;
            write like_many(likes: Vec<(PersonId, StoryId, Timestamp)>) -> u64;
            write like_comments_many(likes: Vec<(PersonId, CommentId, Timestamp)>) -> u64;
            read ids_of_handles(handles: Vec<String>) -> Vec<Option<PersonId>>;
            read friends_among(pairs: Vec<(PersonId, PersonId)>) -> u64;
            read follows_among(pairs: Vec<(PersonId, PersonId)>) -> u64;
            read existing_stories(first: StoryId, last: StoryId) -> Vec<ExistingStory>;
        }
        Bulk {
            write fill_friends(people: Vec<FriendsOf>) -> u64;
        }
        Maintenance {
            write repair_people(
                after: PersonId,
                limit: u32,
                large: LargeAuthorLimits,
            ) -> RepairedPeople;
            write repair_stories(after: StoryId, limit: u32) -> RepairedStories;
            write repair_comments(after: CommentId, limit: u32) -> RepairedComments;
            read people_count() -> u64;
            read stories_count() -> u64;
        }
    }
}
