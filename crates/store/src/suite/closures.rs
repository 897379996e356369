//! Deleted accounts.

use sosik_feed::people::Language;
use sosik_feed::{PersonId, StoryId};

use super::sessions::session;
use super::world::{MEDIA_QUOTA, World};
use crate::{
    AccountClosing, ClosedAccount, HandleUse, LargeAuthorLimits, PersonRemains, ProfileChange,
    RowsLeft, SignUp, StorySpan, TokenHash, UploadAdded,
};

/// More than any behaviour has.
const MANY: u32 = 100;

impl World {
    /// Closes an account. Returns the tokens of its sessions, or `None` if nothing was closed.
    async fn closes(&self, person: PersonId, checked: &str) -> Option<Vec<TokenHash>> {
        let closing = AccountClosing {
            person,
            checked: checked.to_owned(),
            now: self.now(),
        };
        self.close_account(closing).await.unwrap().value
    }

    async fn closed(&self, after: PersonId) -> Vec<PersonId> {
        let closed = self.closed_accounts(after, MANY).await.unwrap();
        closed.into_iter().map(|account| account.person).collect()
    }
}

pub async fn a_closed_account_is_found_by_nobody_and_its_handle_stays_taken(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    for (number, person) in [(1, mina), (2, mina), (3, joon)] {
        let session = session(person, number, world.now());
        world.add_session(session, 50).await.unwrap();
    }
    let device = [7; 32];
    let remembered = world.remember_device(mina, device, world.now(), 5);
    remembered.await.unwrap();

    let mut ended = world.closes(mina, "hash of mina").await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [[1; 32], [2; 32]]);

    for token in [[1; 32], [2; 32]] {
        assert!(world.session(&token).await.unwrap().is_none());
    }
    assert!(world.session(&[3; 32]).await.unwrap().is_some());
    assert!(world.sessions_of(mina).await.unwrap().is_empty());
    assert!(world.credentials("mina").await.unwrap().is_none());
    assert!(world.credentials_of(mina).await.unwrap().is_none());
    assert!(!world.knows_device("mina", &device).await.unwrap());
    assert!(world.person_by_handle("mina").await.unwrap().is_none());
    assert_eq!(world.people_of(&[mina, joon]).await, ["joon"]);
    assert_eq!(world.people_of(&[mina]).await, [""; 0]);
    assert_eq!(world.found("a", "z", MANY).await, ["joon"]);
    let everybody = world.people_after(PersonId::default(), MANY).await;
    assert_eq!(everybody.unwrap(), [joon]);
    assert_eq!(world.people_count().await.unwrap(), 1);

    assert_eq!(
        world.handle_use("mina", "mina").await.unwrap(),
        HandleUse::Taken
    );
    assert_eq!(
        world.handle_use("m1na", "mina").await.unwrap(),
        HandleUse::Confusable
    );
    let again = world.sign_up(world.new_person("mina")).await;
    assert_eq!(again.unwrap(), SignUp::HandleTaken);
    let handles = vec!["mina".to_owned(), "joon".to_owned()];
    let known = world.ids_of_handles(handles).await.unwrap();
    assert_eq!(known, [None, Some(joon)]);
}

pub async fn an_account_is_closed_once_and_only_from_the_password_that_was_checked(world: &World) {
    let [mina] = world.people(["mina"]).await;
    assert!(world.closes(mina, "another hash").await.is_none());
    assert!(world.closes(mina, "").await.is_none());
    assert!(world.credentials("mina").await.unwrap().is_some());
    assert!(world.closes(PersonId::from_u64(9), "").await.is_none());

    assert!(world.closes(mina, "hash of mina").await.is_some());
    assert!(world.closes(mina, "hash of mina").await.is_none());
    assert!(world.closes(mina, "").await.is_none());
    let change = ProfileChange {
        display_name: Some("Mina".to_owned()),
        language: Some(Language::En),
        search_terms: Some(vec!["mina".to_owned()]),
        ..ProfileChange::default()
    };
    let changed = world.change_profile(mina, change).await.unwrap().value;
    assert!(changed.is_none(), "a profile that is gone is not changed");
    assert_eq!(world.found("a", "z", MANY).await, [""; 0]);
}

pub async fn a_mention_of_a_closed_account_is_plain_text(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.closes(mina, "hash of mina").await.unwrap();
    let mut story = world.new_story(joon, "hello @mina");
    story.mentions = vec!["mina".to_owned()];
    let id = story.id;
    assert_eq!(world.posts_new(story).await, []);
    assert!(world.story(id).await.unwrap().mentions.is_empty());
}

pub async fn what_a_person_wrote_and_liked_elsewhere_is_listed_until_it_is_gone(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (kept, deleted) = (
        world.posts(joon, "kept").await,
        world.posts(joon, "gone").await,
    );
    let mut comments = Vec::new();
    for _ in 0..3 {
        comments.push(world.comments(mina, kept, "comment").await);
    }
    let of_joon = world.comments(joon, kept, "comment of joon").await;
    let elsewhere = world.comments(joon, deleted, "comment of joon").await;
    world.comments(mina, deleted, "comment").await;
    for comment in [of_joon, elsewhere, comments[0]] {
        world.likes_comment(mina, comment).await;
    }
    world.likes_comment(joon, of_joon).await;
    world.deletes(joon, deleted).await;

    let remains = world.remains_of(mina, MANY).await.unwrap();
    let sorted = |mut ids: Vec<_>| {
        ids.sort_unstable();
        ids
    };
    assert_eq!(sorted(remains.comments), comments);
    assert_eq!(
        sorted(remains.liked_comments),
        sorted(vec![comments[0], of_joon])
    );
    let some = world.remains_of(mina, 1).await.unwrap();
    assert_eq!((some.comments.len(), some.liked_comments.len()), (1, 1));

    world.unlike_comment(mina, of_joon).await.unwrap();
    for comment in comments {
        world.delete_comment(comment, mina).await.unwrap();
    }
    let remains = world.remains_of(mina, MANY).await.unwrap();
    assert_eq!(remains, PersonRemains::default());
}

pub async fn rows_that_only_their_owner_saw_are_erased_in_steps(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    for person in [mina, joon] {
        let other = if person == mina { joon } else { mina };
        let mut stories = Vec::new();
        for _ in 0..3 {
            stories.push(world.posts(person, "story").await);
        }
        for story in stories {
            world.likes(other, story).await;
            let saved = world.save_story(person, story, MANY, world.now());
            saved.await.unwrap();
        }
        let invitation = world.new_invitation(person, u8::from(person == joon), 1);
        assert!(world.add_invitation(invitation, 5).await.unwrap());
        let aside = world.put_aside(person, other, world.now(), MANY);
        aside.await.unwrap();
        let position = world.posts(person, "read").await;
        world.advance_read_position(person, position).await.unwrap();
    }
    let photo = world.new_media(mina);
    assert!(
        world
            .add_media(photo.clone(), MEDIA_QUOTA)
            .await
            .unwrap()
            .is_added()
    );
    let upload = world.new_upload(mina);
    let added = world.add_upload(upload, MEDIA_QUOTA, MANY).await.unwrap();
    assert_eq!(added, UploadAdded::Added);

    world.closes(mina, "hash of mina").await.unwrap();
    let step = async || world.erase_own_rows(mina, 2).await.unwrap();
    assert_eq!(
        [step().await, step().await, step().await],
        [RowsLeft::Some, RowsLeft::None, RowsLeft::None]
    );

    assert!(
        world
            .saved_stories(mina, None, MANY)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.notes(mina).await.len(), 0);
    assert!(world.people_put_aside(mina).await.unwrap().is_empty());
    assert!(world.invitations(mina, world.now()).await.is_empty());
    assert_eq!(world.read_position(mina).await.unwrap().as_u64(), 0);
    let unused = world.delete_unused_media(photo.now, world.now(), MANY);
    assert_eq!(unused.await.unwrap(), 1);
    assert_eq!(
        world.expire_uploads(world.now(), MANY).await.unwrap().len(),
        1
    );

    assert_eq!(
        world.saved_stories(joon, None, MANY).await.unwrap().len(),
        3
    );
    assert_eq!(world.notes(joon).await.len(), 3);
    assert_eq!(world.people_put_aside(joon).await.unwrap(), [mina]);
    assert_eq!(world.invitations(joon, world.now()).await.len(), 1);
    assert!(world.read_position(joon).await.unwrap().as_u64() > 0);
}

pub async fn closed_accounts_are_listed_until_they_are_erased(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    assert_eq!(world.closed(PersonId::default()).await, []);
    let closed_at = world.now();
    for (person, hash) in [(mina, "hash of mina"), (joon, "hash of joon")] {
        world.closes(person, hash).await.unwrap();
    }
    let (first, second) = (mina.min(joon), mina.max(joon));
    assert_eq!(world.closed(PersonId::default()).await, [first, second]);
    assert_eq!(world.closed(first).await, [second]);
    let one = world.closed_accounts(PersonId::default(), 1).await.unwrap();
    let [
        ClosedAccount {
            person,
            closed_at: at,
        },
    ] = one[..]
    else {
        panic!("{one:?}");
    };
    assert_eq!(person, first);
    assert!(at >= closed_at);

    for person in [first, yuna] {
        world.finish_erasure(person, world.now()).await.unwrap();
    }
    assert_eq!(world.closed(PersonId::default()).await, [second]);
    assert_eq!(
        world.people_of(&[yuna]).await,
        ["yuna"],
        "an open account stays"
    );
}

pub async fn repairs_do_not_make_a_closed_account_found_again(world: &World) {
    let [mina, _joon] = world.people(["mina", "joon"]).await;
    world.closes(mina, "hash of mina").await.unwrap();
    let limits = LargeAuthorLimits {
        above: 1_000,
        below: 900,
    };
    let repaired = world.repair_people(PersonId::default(), 10, limits);
    assert_eq!(repaired.await.unwrap().checked, 2, "counts are repaired");
    assert_eq!(world.found("a", "z", MANY).await, ["joon"]);
}

pub async fn the_feed_by_definition_has_no_stories_of_closed_accounts(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    world.befriend(mina, joon).await;
    world.follows(joon, yuna).await;
    let own = world.posts(joon, "own").await;
    for author in [mina, yuna] {
        world.posts(author, "of a closed account").await;
    }
    let span = StorySpan {
        above: StoryId::default(),
        below: StoryId::from_u64(u64::MAX >> 1),
    };
    let feed = async || world.feed_by_definition(joon, span, MANY).await.unwrap();
    assert_eq!(feed().await.len(), 3);
    world.closes(mina, "hash of mina").await.unwrap();
    world.closes(yuna, "hash of yuna").await.unwrap();
    assert_eq!(feed().await, [own]);
}
