//! People.

use sosik_feed::people::Language;
use sosik_feed::{Audience, PersonId, StoryId};

use super::world::World;
use crate::{HandleUse, NewPerson, NewStory, PersonCounts, ProfileChange, StoryEdit, TermPlace};

pub async fn those_who_exist_are_read_and_the_others_are_left_out(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let mut found = world.people_of(&[joon, PersonId::from_u64(5), mina]).await;
    found.sort_unstable();
    assert_eq!(found, ["joon", "mina"]);
    assert!(world.person_by_handle("nobody").await.unwrap().is_none());
}

pub async fn a_profile_changes_in_what_was_asked_and_gets_a_larger_revision(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let before = world.person_by_handle("mina").await.unwrap().unwrap();
    let change = ProfileChange {
        bio: Some("안녕".to_owned()),
        language: Some(Language::Ja),
        ..Default::default()
    };
    let after = world
        .change_profile(mina, change)
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!(
        (
            after.bio.as_str(),
            after.language,
            after.display_name.as_str()
        ),
        ("안녕", Language::Ja, "MINA")
    );
    assert!(after.revision > before.revision);
    assert_eq!(world.person_by_handle("mina").await.unwrap(), Some(after));
    assert!(
        world
            .change_profile(PersonId::from_u64(5), ProfileChange::default())
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn people_are_found_by_the_terms_of_their_present_name(world: &World) {
    let terms = |terms: &[&str]| {
        terms
            .iter()
            .map(|&term| term.to_owned())
            .collect::<Vec<_>>()
    };
    let mina = NewPerson {
        search_terms: terms(&["mina", "김미나", "미나", "나"]),
        ..world.new_person("mina")
    };
    let minho = NewPerson {
        search_terms: terms(&["minho", "민호", "호"]),
        ..world.new_person("minho")
    };
    let mina_id = mina.id;
    world.sign_up_many(vec![mina, minho]).await.unwrap();

    assert_eq!(world.found("min", "mio", 10).await, ["mina", "minho"]);
    assert_eq!(world.found("미", "믹", 10).await, ["mina"]);
    assert_eq!(world.found("min", "mio", 1).await, ["mina"]);
    assert_eq!(world.found("x", "y", 10).await, [""; 0]);
    assert_eq!(world.found("나", "낙", 10).await, ["mina"]);

    let change = ProfileChange {
        search_terms: Some(terms(&["mina", "박하나"])),
        ..Default::default()
    };
    world.change_profile(mina_id, change).await.unwrap();
    assert_eq!(world.found("미", "믹", 10).await, [""; 0]);
    assert_eq!(world.found("박", "밖", 10).await, ["mina"]);
}

pub async fn the_index_of_terms_is_read_in_order_from_any_place(world: &World) {
    let nana = NewPerson {
        search_terms: (1..=3).map(|n| "나".repeat(n)).collect(),
        ..world.new_person("nana")
    };
    let nari = NewPerson {
        search_terms: vec!["나".to_owned(), "나리".to_owned(), "낙".to_owned()],
        ..world.new_person("nari")
    };
    world.sign_up_many(vec![nana, nari]).await.unwrap();
    let all = [
        ("나", "nana"),
        ("나", "nari"),
        ("나나", "nana"),
        ("나나나", "nana"),
        ("나리", "nari"),
    ];
    for limit in 1..=6 {
        let (mut after, mut read) = (place_before("나"), Vec::new());
        loop {
            let rows = world.people_by_term(&after, "낙", limit).await.unwrap();
            let Some(last) = rows.last() else { break };
            assert!(rows.len() <= limit as usize);
            after = TermPlace {
                term: last.term.clone(),
                person: last.person.id,
            };
            read.extend(rows.into_iter().map(|row| (row.term, row.person.handle)));
        }
        let read = read.iter().map(|(term, handle)| (&**term, &**handle));
        assert_eq!(read.collect::<Vec<_>>(), all, "{limit}");
    }
}

pub async fn of_some_people_those_with_a_term_in_the_range_are_found_once(world: &World) {
    let nana = NewPerson {
        search_terms: vec!["na".to_owned(), "nana".to_owned()],
        ..world.new_person("nana")
    };
    let nana_id = nana.id;
    world.sign_up(nana).await.unwrap();
    let [nari, mina, stranger] = world.people(["nari", "mina", "nabi"]).await;
    let some = [mina, nari, nana_id, PersonId::from_u64(5)];
    let mut found = world.with_term_among(&some, "na", "nb").await.unwrap();
    found.sort_unstable();
    let mut expected = [nana_id, nari];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(!found.contains(&stranger));
    assert_eq!(world.with_term_among(&[], "na", "nb").await.unwrap(), []);
}

pub async fn a_handle_is_free_until_somebody_has_it_or_one_like_it(world: &World) {
    let mina = NewPerson {
        skeleton: "mlna".to_owned(),
        ..world.new_person("mina")
    };
    world.sign_up(mina).await.unwrap();
    for (handle, skeleton, expected) in [
        ("mina", "mlna", HandleUse::Taken),
        ("m1na", "mlna", HandleUse::Confusable),
        ("mlna", "other", HandleUse::Free),
        ("joon", "joon", HandleUse::Free),
    ] {
        let found = world.handle_use(handle, skeleton).await.unwrap();
        assert_eq!(found, expected, "{handle}");
    }
}

pub async fn everybody_is_walked_in_steps(world: &World) {
    let crowd = world.crowd(7).await;
    let (mut after, mut walked) = (PersonId::default(), Vec::new());
    loop {
        let step = world.people_after(after, 3).await.unwrap();
        let Some(&last) = step.last() else { break };
        assert!(step.len() <= 3);
        after = last;
        walked.extend(step);
    }
    assert_eq!(walked, crowd);
    assert_eq!(world.people_count().await.unwrap(), 7);
}

pub async fn a_profile_counts_friends_follows_followers_and_stories(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    world.befriend(mina, joon).await;
    world.follows(mina, yuna).await;
    world.follows(yuna, mina).await;
    world.follows(joon, mina).await;
    let story = world.posts(mina, "one").await;
    world.posts(mina, "two").await;
    world.deletes(mina, story).await;
    let counts = PersonCounts {
        friends: 1,
        follows: 1,
        followers: 2,
        stories: 1,
        public_stories: 1,
    };
    assert_eq!(world.person_counts(mina).await.unwrap(), counts);
    world.blocks(mina, joon).await;
    world.unfollow(mina, yuna).await.unwrap();
    let counts = PersonCounts {
        friends: 0,
        follows: 0,
        followers: 1,
        stories: 1,
        public_stories: 1,
    };
    assert_eq!(world.person_counts(mina).await.unwrap(), counts);
    assert_eq!(
        world.person_counts(PersonId::from_u64(5)).await.unwrap(),
        PersonCounts::default()
    );
}

pub async fn public_stories_are_counted_through_posts_imports_edits_and_deletions(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let counts = async || {
        let counts = world.person_counts(mina).await.unwrap();
        (counts.stories, counts.public_stories)
    };
    let public = world.posts(mina, "for all").await;
    let friends = world
        .posts_for(mina, Audience::Friends, "for friends")
        .await;
    assert_eq!(counts().await, (2, 1));
    let imported = NewStory {
        audience: Audience::Friends,
        ..world.new_story(mina, "imported")
    };
    world.post_many(vec![imported]).await.unwrap();
    assert_eq!(counts().await, (3, 1));
    world.readdresses(mina, friends, Audience::Public).await;
    assert_eq!(counts().await, (3, 2));
    // Setting the same audience changes nothing.
    world.readdresses(mina, friends, Audience::Public).await;
    assert_eq!(counts().await, (3, 2));
    world.readdresses(mina, public, Audience::Friends).await;
    assert_eq!(counts().await, (3, 1));
    world.deletes(mina, friends).await;
    assert_eq!(counts().await, (2, 0));
    world.deletes(mina, public).await;
    assert_eq!(counts().await, (1, 0));
}

pub async fn the_read_position_never_goes_back(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let [low, high] = [10, 20].map(StoryId::from_u64);
    assert_eq!(world.read_position(mina).await.unwrap(), StoryId::default());
    assert_eq!(world.advance_read_position(mina, high).await.unwrap(), high);
    assert_eq!(world.advance_read_position(mina, low).await.unwrap(), high);
    assert_eq!(world.read_position(mina).await.unwrap(), high);
    assert_eq!(world.read_position(joon).await.unwrap(), StoryId::default());
}

impl World {
    async fn readdresses(&self, author: PersonId, id: StoryId, audience: Audience) {
        let edit = StoryEdit {
            id,
            author,
            text: None,
            attachments: None,
            audience: Some(audience),
            now: self.now(),
        };
        assert!(self.edit_story(edit).await.unwrap().is_some());
    }

    pub(super) async fn people_of(&self, ids: &[PersonId]) -> Vec<String> {
        let people = self.people_by_id(ids).await.unwrap();
        people.into_iter().map(|person| person.handle).collect()
    }

    /// The handles of the first rows of the index in a range.
    pub(super) async fn found(&self, from: &str, to: &str, limit: u32) -> Vec<String> {
        let rows = self.people_by_term(&place_before(from), to, limit).await;
        let rows = rows.unwrap().into_iter();
        rows.map(|row| row.person.handle).collect()
    }
}

/// The place before all rows with this term.
fn place_before(term: &str) -> TermPlace {
    TermPlace {
        term: term.to_owned(),
        person: PersonId::default(),
    }
}
