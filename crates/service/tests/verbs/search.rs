//! Search for people.

use std::collections::HashSet;

use sosik_feed::people::{DisplayName, Handle, Language};
use sosik_feed::{Cursor, PersonId, RuleBroken, Timestamp, search};
use sosik_store::NewPerson;

use crate::world::{Person, World, broken};

impl World {
    /// One page of a search, and the position of the next one.
    async fn found_page(
        &self,
        viewer: &Person,
        q: &str,
        from: Option<Cursor>,
        limit: u32,
    ) -> (Vec<String>, Option<Cursor>) {
        let from = from.map(|from| match from {
            Cursor::Found(from) => from,
            other => panic!("{other:?} is no cursor of a search"),
        });
        let people = self.service.people();
        let page = people.search(viewer.id, q, from, limit).await.unwrap();
        let handles = page.items.iter();
        let handles = handles.map(|found| found.person.record.handle.clone());
        (handles.collect(), page.before)
    }

    async fn found(&self, viewer: &Person, q: &str) -> Vec<String> {
        self.found_page(viewer, q, None, 100).await.0
    }

    /// The pages of a search, to the end.
    async fn found_pages(&self, viewer: &Person, q: &str, limit: u32) -> Vec<Vec<String>> {
        let (mut from, mut pages) = (None, Vec::new());
        loop {
            let (page, next) = self.found_page(viewer, q, from, limit).await;
            pages.push(page);
            from = next;
            if from.is_none() {
                return pages;
            }
        }
    }

    /// Signs up people with these handles and names, of whom nobody can log in.
    async fn namesakes(&self, people: impl IntoIterator<Item = (String, String)>) {
        let people = people
            .into_iter()
            .enumerate()
            .map(|(number, (handle, name))| {
                let (known, named) = (Handle::parse(&handle), DisplayName::parse(&name));
                NewPerson {
                    id: PersonId::from_u64(number as u64 + 1),
                    skeleton: format!("skeleton {handle}"),
                    search_terms: search::terms(&known.unwrap(), &named.unwrap()),
                    handle,
                    display_name: name,
                    language: Language::En,
                    password_hash: String::new(),
                    created_at: Timestamp::default(),
                }
            });
        let people = people.collect();
        self.operations.sign_up_many(people).await.unwrap();
    }
}

#[tokio::test]
async fn people_are_found_by_handle_and_name_in_the_order_of_the_words_that_match() {
    let world = World::new().await;
    let me = world.named("searcher", "Searcher").await;
    for (handle, name) in [
        ("zoe_park", "Mina Park"),
        ("mina_kim", "Kim"),
        ("mina", "x"),
        ("abe", "Abe Mina"),
        ("km_na", "김미나"),
    ] {
        world.named(handle, name).await;
    }
    assert_eq!(
        world.found(&me, "MINA").await,
        ["mina", "zoe_park", "mina_kim", "abe"]
    );
    assert_eq!(world.found(&me, "@mina").await, ["mina", "mina_kim"]);
    assert_eq!(world.found(&me, "park min").await, ["zoe_park"]);
    assert_eq!(world.found(&me, "미나").await, ["km_na"]);
    assert_eq!(world.found(&me, "nobody here").await, [""; 0]);
    assert_eq!(
        broken(world.service.people().search(me.id, "!", None, 10).await),
        RuleBroken::SearchQueryInvalid
    );
}

#[tokio::test]
async fn friends_come_before_strangers_who_match_as_well() {
    let world = World::new().await;
    let me = world.person("searcher").await;
    let [_, followed, friend] = world.people(["mina_a", "mina_b", "mina_c"]).await;
    world.follow(&me, &followed).await;
    world.befriend(&me, &friend).await;
    assert_eq!(
        world.found(&me, "mina").await,
        ["mina_c", "mina_b", "mina_a"]
    );
    let people = world.service.people();
    let found = people.search(me.id, "mina", None, 10).await.unwrap().items;
    assert!(found[0].relation.friend && found[1].relation.following);
}

#[tokio::test]
async fn across_a_block_neither_finds_the_other() {
    let world = World::new().await;
    let [mina, minho] = world.people(["mina", "minho"]).await;
    assert_eq!(world.found(&mina, "minho").await, ["minho"]);
    world.block(&minho, &mina).await;
    assert_eq!(world.found(&mina, "minho").await, [""; 0]);
    assert_eq!(world.found(&minho, "mina").await, [""; 0]);
    world.unblock(&minho, &mina).await;
    assert_eq!(world.found(&mina, "minho").await, ["minho"]);
}

#[tokio::test]
async fn somebody_with_exactly_this_handle_is_found_among_any_number_of_namesakes() {
    let world = World::new().await;
    let me = world.person("searcher").await;
    let namesakes = (0..250).map(|number| (format!("person{number}"), "Mina".to_owned()));
    world.namesakes(namesakes).await;
    world.person("mina").await;
    assert_eq!(world.found(&me, "mina").await[0], "mina");
}

#[tokio::test]
async fn every_page_is_reached_and_nobody_comes_twice() {
    let world = World::new().await;
    let me = world.person("searcher").await;
    // Several terms of each begin with the word.
    let namesakes = (0..233).map(|number| (format!("gim{number}"), format!("김김{number} 김미나")));
    world.namesakes(namesakes).await;
    let [friend, followed] = [
        world.named("chingu", "김 친구").await,
        world.named("palo", "김 팔로우").await,
    ];
    world.befriend(&me, &friend).await;
    world.follow(&me, &followed).await;
    for q in ["김", "ㄱ", "김미", "ㄱㅁㄴ", "gim", "김 gim"] {
        for limit in [1, 2, 7, 100] {
            if limit == 1 && q != "김" {
                continue; // one walk of pages of one
            }
            let pages = world.found_pages(&me, q, limit).await;
            // A page may be short: several terms of one person match.
            assert!(pages.iter().all(|page| page.len() <= limit as usize), "{q}");
            let all = pages.concat();
            let different: HashSet<_> = all.iter().collect();
            assert_eq!(different.len(), all.len(), "{q}: nobody comes twice");
            let close = ["chingu", "palo"];
            let finds_close = matches!(q, "김" | "ㄱ");
            assert_eq!(all.len(), 233 + if finds_close { 2 } else { 0 }, "{q}");
            assert_eq!(all[..2] == close, finds_close, "{q}");
        }
    }
}

#[tokio::test]
async fn a_page_shows_nothing_of_hidden_people_nor_does_its_end() {
    let world = World::new().await;
    let [me, other] = world.people(["searcher", "another"]).await;
    let names = ["mina_a", "mina_b", "mina_c", "mina_d", "mina_e", "mina_f"];
    let people = world.people(names).await;
    for hidden in 0_u32..1 << names.len() {
        let is_hidden = |place: &usize| hidden >> place & 1 == 1;
        for (place, person) in people.iter().enumerate() {
            match (is_hidden(&place), place % 2) {
                (true, 0) => world.block(&me, person).await,
                (true, _) => world.block(person, &me).await,
                (false, 0) => world.unblock(&me, person).await,
                (false, _) => world.unblock(person, &me).await,
            }
        }
        let shown = (0..names.len()).filter(|place| !is_hidden(place));
        let shown: Vec<_> = shown.map(|place| names[place].to_owned()).collect();
        for limit in 1..=4 {
            let pages = world.found_pages(&me, "mina", limit).await;
            let expected = shown.chunks(limit as usize).map(<[String]>::to_vec);
            let expected: Vec<_> = expected.collect();
            let nobody = vec![Vec::<String>::new()];
            let expected = if shown.is_empty() { nobody } else { expected };
            assert_eq!(pages, expected, "hidden {hidden:b}, {limit} a page");
        }
        assert_eq!(world.found(&other, "mina").await, names);
    }
}

#[tokio::test]
async fn an_at_sign_alone_finds_nobody_and_is_no_error() {
    let world = World::new().await;
    let me = world.person("searcher").await;
    world.person("hana").await;
    for q in ["@", "＠", " @ "] {
        assert_eq!(world.found_pages(&me, q, 10).await, [[""; 0]], "{q}");
    }
    assert_eq!(world.found(&me, "@han").await, ["hana"]);
}

#[tokio::test]
async fn names_are_found_as_people_type_them() {
    let world = World::new().await;
    let me = world.person("searcher").await;
    for (handle, name) in [
        ("pepe", "José"),
        ("anna", "Anna Straße"),
        ("gnd", "가나다"),
        ("kmn", "강민아"),
        ("alena", "Алёна"),
    ] {
        world.named(handle, name).await;
    }
    for (q, handle) in [
        ("jose", "pepe"),
        ("strasse", "anna"),
        ("ＡＮＮＡ", "anna"),
        ("간", "gnd"),
        ("ㄱㄴㄷ", "gnd"),
        ("강ㅁ", "kmn"),
        ("ㄱㅁㅇ", "kmn"),
        ("АЛЕНА", "alena"),
    ] {
        assert_eq!(world.found(&me, q).await, [handle], "{q}");
    }
    assert_eq!(world.found(&me, "가").await, ["gnd", "kmn"]);
}
