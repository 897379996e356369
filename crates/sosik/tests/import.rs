//! Imports people, friendships, follows and stories from files.

#![expect(clippy::unwrap_used, reason = "an unreadable file must fail the test")]

mod common;

use common::Folder;
use serde_json::json;
use sosik_feed::limits::FRIENDS_MAX;
use sosik_feed::{Audience, Circle, PersonId, StoryId, Visibility};
use sosik_store::{Accounts, Maintenance, People, Relations, Store, Stories, StoryRecord};
use sosik_store_sqlite::SqliteStore;

/// With the byte order mark that some programs write.
const FRIENDSHIPS: &str = "\u{feff}# friends\n0 1\n0\t2\n\n  1 2  \n2 1\n1 1\n2 0\n";

async fn person(store: &SqliteStore, handle: &str) -> PersonId {
    store
        .person_by_handle(handle)
        .await
        .unwrap()
        .unwrap_or_else(|| panic!("nobody is @{handle}"))
        .id
}

async fn circle(store: &SqliteStore, handle: &str) -> Circle {
    store
        .circle(
            person(store, handle).await,
            sosik_feed::CommitPosition::LATEST,
        )
        .await
        .unwrap()
}

/// The stories of a person, newest first.
async fn stories(store: &SqliteStore, handle: &str) -> Vec<StoryRecord> {
    let author = person(store, handle).await;
    let ids = store
        .stories_of(author, Visibility::Everything, None, 100)
        .await
        .unwrap();
    let mut stories = store
        .stories(&ids, sosik_feed::CommitPosition::LATEST)
        .await
        .unwrap();
    stories.sort_by_key(|story| std::cmp::Reverse(story.id));
    stories
}

#[tokio::test]
async fn friendships_make_the_people_they_name_and_are_counted_once() {
    let folder = Folder::new();
    folder.write("friends.txt", FRIENDSHIPS);
    let ran = folder
        .run(&["import", "--friendships", "friends.txt", "--json"])
        .ends_with(0);
    assert_eq!(
        ran.json()["friendships"],
        json!({"new": 3, "there": 0, "repeated": 2, "self_loops": 1, "refused": 0})
    );
    assert_eq!(ran.json()["numbered_people"], 3);

    let store = folder.store();
    let names: Vec<_> = ["person0", "person1", "person2"].to_vec();
    for name in &names {
        assert_eq!(circle(&store, name).await.friends().len(), 2, "{name}");
    }
    let ids = [person(&store, "person1").await];
    assert_eq!(
        store
            .people(&ids, sosik_feed::CommitPosition::LATEST)
            .await
            .unwrap()[0]
            .display_name,
        "Person 1"
    );
    assert_eq!(
        store
            .credentials("person1")
            .await
            .unwrap()
            .unwrap()
            .password_hash,
        ""
    );
    store.close().await;
}

#[tokio::test]
async fn the_same_import_again_changes_nothing_whether_plain_compressed_or_piped() {
    let folder = Folder::new();
    folder.write_gzip("friends", FRIENDSHIPS);
    folder.write("follows", "0 3\n3 0\n");
    folder.write(
        "stories",
        &format!(
            "{}\n{}\n",
            story("0", "one", "2025-03-01"),
            story("0", "two", "2025-03-01")
        ),
    );
    let all = [
        "import",
        "--friendships",
        "friends",
        "--follows",
        "follows",
        "--stories",
        "stories",
        "--json",
    ];
    let first = folder.run(&all).ends_with(0).json();
    assert_eq!(first["follows"]["new"], 2);
    assert_eq!(first["stories"]["new"], 2);

    let second = folder.run(&all).ends_with(0).json();
    assert_eq!(
        second["friendships"],
        json!({"new": 0, "there": 3, "repeated": 2, "self_loops": 1, "refused": 0})
    );
    assert_eq!(
        second["follows"],
        json!({"new": 0, "there": 2, "repeated": 0, "self_loops": 0, "refused": 0})
    );
    assert_eq!(
        second["stories"],
        json!({"new": 0, "there": 2, "shift_days": 0})
    );
    assert_eq!(second["numbered_people"], 0);

    let piped = folder
        .run_with_input(&["import", "--friendships", "-", "--json"], FRIENDSHIPS)
        .ends_with(0)
        .json();
    assert_eq!(piped["friendships"]["there"], 3);
    let store = folder.store();
    assert_eq!(store.people_count().await.unwrap(), 4);
    assert_eq!(
        circle(&store, "person3").await.follows(),
        [person(&store, "person0").await]
    );
    store.close().await;
}

#[tokio::test]
async fn people_come_with_handle_name_language_bio_and_password() {
    let folder = Folder::new();
    folder.write(
        "people",
        r#"{"number": 7, "handle": "mina", "display_name": "김미나", "language": "ko", "bio": "번역가", "password": "river-7-lantern"}
           {"handle": "oliver", "display_name": "Oliver"}"#,
    );
    folder.write("friends", "7 8\n");
    let all = [
        "import",
        "--people",
        "people",
        "--friendships",
        "friends",
        "--json",
    ];
    let first = folder.run(&all).ends_with(0).json();
    assert_eq!(
        first["people"],
        json!({"new": 2, "there": 0, "without_password": 1})
    );
    assert_eq!(
        folder.run(&all).ends_with(0).json()["people"],
        json!({"new": 0, "there": 2, "without_password": 0})
    );

    let store = folder.store();
    let mina = person(&store, "mina").await;
    let record = store
        .people(&[mina], sosik_feed::CommitPosition::LATEST)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (
            record.display_name.as_str(),
            record.bio.as_str(),
            record.language.as_str()
        ),
        ("김미나", "번역가", "ko")
    );
    assert!(
        store
            .credentials("mina")
            .await
            .unwrap()
            .unwrap()
            .password_hash
            .starts_with("$argon2id$")
    );
    assert_eq!(
        store
            .credentials("oliver")
            .await
            .unwrap()
            .unwrap()
            .password_hash,
        ""
    );
    assert_eq!(
        circle(&store, "person8").await.friends(),
        [mina],
        "number 7 is mina"
    );
    assert!(store.person_by_handle("person7").await.unwrap().is_none());
    store.close().await;
}

#[tokio::test]
async fn stories_keep_their_time_their_order_and_what_is_in_them() {
    let folder = Folder::new();
    folder.write("people", r#"{"handle": "mina", "display_name": "Mina"}"#);
    let lines = [
        r#"{"author": "@Mina", "text": "third", "at": 1740787200}"#,
        r##"{"author": "mina", "text": "first @mina #바다", "at": "2024-05-01T21:00:00.123+09:00", "audience": "public"}"##,
        r#"{"author": "mina", "text": "fourth", "at": "2025-03-01"}"#,
        r#"{"author": "mina", "text": "second", "at": "2025-02-28"}"#,
    ];
    folder.write("stories", &lines.join("\n"));
    folder
        .run(&["import", "--people", "people", "--stories", "stories"])
        .ends_with(0);
    let store = folder.store();
    let stories = stories(&store, "mina").await;
    let texts: Vec<_> = stories.iter().map(|story| &*story.text).collect();
    assert_eq!(texts, ["fourth", "third", "second", "first @mina #바다"]);
    let first = &stories[3];
    assert_eq!(
        first.id.raw().time().to_string(),
        "2024-05-01T12:00:00.123Z"
    );
    assert_eq!(
        (first.audience, stories[0].audience),
        (Audience::Public, Audience::Friends)
    );
    assert_eq!(first.tags, ["바다"]);
    assert_eq!(first.mentions[0].handle, "mina");
    assert_eq!(
        store
            .stories_with_tag("바다", sosik_feed::PersonId::default(), None, 10)
            .await
            .unwrap(),
        [first.id]
    );
    store.close().await;
}

#[tokio::test]
async fn old_stories_are_refused_with_advice_and_move_by_whole_days() {
    let folder = Folder::new();
    folder.write(
        "stories",
        &format!(
            "{}\n{}\n",
            story("1", "old", "2013-01-01T09:00:00Z"),
            story("1", "older", "2012-12-30")
        ),
    );
    let refused = folder.run(&["import", "--stories", "stories"]).ends_with(1);
    assert!(
        refused
            .err
            .contains("stories, line 1: the time is before 2024-01-01"),
        "{refused:?}"
    );
    assert!(
        refused.err.contains("--shift-days 4017 or more"),
        "{refused:?}"
    );

    let moved = folder
        .run(&[
            "import",
            "--stories",
            "stories",
            "--shift-days",
            "4019",
            "--json",
        ])
        .ends_with(0)
        .json();
    assert_eq!(
        moved["stories"],
        json!({"new": 2, "there": 0, "shift_days": 4019})
    );
    // The store contains the newest story of the file, so `auto` computes the same number again on any day.
    let auto = folder
        .run(&[
            "import",
            "--stories",
            "stories",
            "--shift-days",
            "auto",
            "--json",
        ])
        .ends_with(0)
        .json();
    assert_eq!(
        auto["stories"],
        json!({"new": 0, "there": 2, "shift_days": 4019})
    );
    let store = folder.store();
    let stories = stories(&store, "person1").await;
    assert_eq!(
        stories[0].id.raw().time().to_string(),
        "2024-01-03T09:00:00.000Z"
    );
    store.close().await;
}

#[tokio::test]
async fn a_story_that_was_deleted_does_not_come_back_with_the_next_run() {
    let folder = Folder::new();
    folder.write(
        "stories",
        &format!(
            "{}\n{}\n",
            story("1", "stays", "2025-01-01"),
            story("1", "goes", "2025-01-01")
        ),
    );
    folder.run(&["import", "--stories", "stories"]).ends_with(0);
    let store = folder.store();
    let gone = stories(&store, "person1").await.remove(0);
    assert!(
        store
            .delete_story(gone.id, gone.author, gone.id.raw().time())
            .await
            .unwrap()
            .value
    );
    store.close().await;

    let again = folder
        .run(&["import", "--stories", "stories", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(again["stories"]["new"], 0);
    let store = folder.store();
    assert_eq!(stories(&store, "person1").await.len(), 1);
    store.close().await;
}

#[tokio::test]
async fn broken_lines_are_told_with_their_number_and_the_others_are_imported() {
    let folder = Folder::new();
    folder.write("people", "{\"handle\": \"mina\", \"display_name\": \"Mina\"}\nnonsense\n{\"handle\": \"rnina\", \"display_name\": \"Mina\"}\n");
    folder.write("friends", "1 2\n1 2 3\none two\n");
    folder.write(
        "stories",
        &format!(
            "{}\n{}\n",
            story("\"nobody\"", "hi", "2025-01-01"),
            story("\"mina\"", "hi", "2025-01-01")
        ),
    );
    let ran = folder.run(&[
        "import",
        "--people",
        "people",
        "--friendships",
        "friends",
        "--stories",
        "stories",
        "--json",
    ]);
    let ran = ran.ends_with(1);
    for told in [
        "people, line 2: ",
        "people, line 3: handle looks too much like another one",
        "friends, line 2: expected two numbers",
        "friends, line 3: a person is a number",
        "stories, line 1: nobody has the author's handle",
    ] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    let summary = ran.json();
    assert_eq!(summary["broken_lines"], 5);
    assert_eq!(summary["people"]["new"], 1);
    assert_eq!(summary["friendships"]["new"], 1);
    assert_eq!(summary["stories"]["new"], 1);
}

#[test]
fn of_many_broken_lines_twenty_are_printed_and_a_strict_import_stops_at_the_first() {
    let folder = Folder::new();
    folder.write("friends", &"nonsense\n".repeat(50));
    let ran = folder
        .run(&["import", "--friendships", "friends"])
        .ends_with(1);
    assert_eq!(
        ran.err.matches("expected two numbers").count(),
        20,
        "{ran:?}"
    );
    assert!(ran.out.contains("50 lines could not be used"), "{ran:?}");
    let strict = folder
        .run(&["import", "--friendships", "friends", "--strict"])
        .ends_with(1);
    assert_eq!(
        strict.err.matches("expected two numbers").count(),
        1,
        "{strict:?}"
    );
    assert!(
        strict.err.contains("stopped at the first line"),
        "{strict:?}"
    );
}

#[tokio::test]
async fn the_friend_limit_holds_and_what_it_refuses_is_counted() {
    let folder = Folder::new();
    let star: String = (1..=FRIENDS_MAX + 2)
        .map(|other| format!("0 {other}\n"))
        .collect();
    folder.write("friends", &star);
    for (new, there) in [(FRIENDS_MAX, 0), (0, FRIENDS_MAX)] {
        let ran = folder
            .run(&["import", "--friendships", "friends", "--json"])
            .ends_with(1);
        let counted =
            json!({"new": new, "there": there, "repeated": 0, "self_loops": 0, "refused": 2});
        assert_eq!(ran.json()["friendships"], counted);
    }
    let store = folder.store();
    assert_eq!(
        circle(&store, "person0").await.friends().len(),
        FRIENDS_MAX as usize
    );
    store.close().await;
}

#[test]
fn verify_finds_no_difference_after_an_import() {
    let folder = Folder::new();
    let ring: String = (0..30)
        .map(|person| {
            format!(
                "{person} {}\n{person} {}\n",
                (person + 1) % 30,
                (person + 7) % 30
            )
        })
        .collect();
    let follows: String = (0..30)
        .map(|person| format!("{person} {}\n", (person + 11) % 30))
        .collect();
    let told: String = (0..2_000)
        .map(|number| {
            let audience = if number % 3 == 0 { "public" } else { "friends" };
            let at = 1_735_689_600 + number / 7 * 600;
            format!("{{\"author\": {}, \"text\": \"story {number}\", \"audience\": \"{audience}\", \"at\": {at}}}\n", number % 30)
        })
        .collect();
    folder.write("friends", &ring);
    folder.write("follows", &follows);
    folder.write("stories", &told);
    folder
        .run(&[
            "import",
            "--friendships",
            "friends",
            "--follows",
            "follows",
            "--stories",
            "stories",
        ])
        .ends_with(0);
    let ran = folder.run(&["verify", "--json"]).ends_with(0).json();
    assert_eq!(
        (&ran["readers"], &ran["differences"]),
        (&json!(30), &json!(0))
    );
    assert!(ran["stories"].as_u64().unwrap() > 2_000 * 4, "{ran}");
}

#[tokio::test]
async fn while_another_process_has_the_store_the_import_says_so() {
    let folder = Folder::new();
    folder.write("friends", "1 2\n");
    std::fs::create_dir(folder.path("data")).unwrap();
    let store = folder.store();
    let ran = folder
        .run(&["import", "--friendships", "friends"])
        .ends_with(3);
    assert!(ran.err.contains("another process has it"), "{ran:?}");
    store.close().await;
}

#[test]
fn wrong_usage_says_what_to_write() {
    let folder = Folder::new();
    folder.run(&["import"]).ends_with(2);
    let twice = folder
        .run(&["import", "--people", "-", "--friendships", "-"])
        .ends_with(2);
    assert!(twice.err.contains("only one file"), "{twice:?}");
    let auto = folder
        .run(&["import", "--stories", "-", "--shift-days", "auto"])
        .ends_with(2);
    assert!(auto.err.contains("name a file"), "{auto:?}");
    let absent = folder.run(&["import", "--people", "absent"]).ends_with(3);
    assert!(absent.err.contains("read absent"), "{absent:?}");
}

fn story(author: &str, text: &str, at: &str) -> String {
    format!(r#"{{"author": {author}, "text": "{text}", "at": "{at}"}}"#)
}

#[tokio::test]
async fn a_day_with_more_stories_than_a_millisecond_has_ids_is_kept_whole() {
    let folder = Folder::new();
    let day: String = (0..5_000)
        .map(|number| story("1", &number.to_string(), "2025-01-01") + "\n")
        .collect();
    folder.write("stories", &day);
    for (new, there) in [(5_000, 0), (0, 5_000)] {
        let ran = folder
            .run(&["import", "--stories", "stories", "--json"])
            .ends_with(0)
            .json();
        assert_eq!(
            (&ran["stories"]["new"], &ran["stories"]["there"]),
            (&json!(new), &json!(there))
        );
    }
    let store = folder.store();
    let newest = stories(&store, "person1").await;
    assert_eq!(
        &*newest[0].text, "4999",
        "the order of the lines is the order of the feed"
    );
    assert!(newest[0].id > StoryId::default());
    store.close().await;
}
