//! Compares feeds with the truth and repairs derived data, from the command line.

#![expect(clippy::unwrap_used, reason = "an unreadable file must fail the test")]

mod common;

use common::Folder;
use rusqlite::Connection;
use serde_json::json;

/// Person 0 follows person 1, who has written two stories. Person 2 is a friend of person 1.
fn small_world() -> Folder {
    let folder = Folder::new();
    folder.write("friends", "1 2\n");
    folder.write("follows", "0 1\n");
    let story = |text, at| {
        format!(
            "{{\"author\": 1, \"text\": \"{text} #tag\", \"audience\": \"public\", \"at\": \"{at}\"}}\n"
        )
    };
    folder.write(
        "stories",
        &(story("one", "2025-01-01") + &story("two", "2025-01-02")),
    );
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
    folder
}

fn harm(folder: &Folder, sql: &str) {
    Connection::open(folder.database())
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

/// Removes the newest public story from the index that feeds are merged from, as a disk fault could.
fn lose_an_index_entry(folder: &Folder) {
    let database = Connection::open(folder.database()).unwrap();
    let newest: i64 = database
        .query_row("SELECT max(id) FROM stories", [], |row| row.get(0))
        .unwrap();
    let (name, made): (String, String) = database
        .query_row(
            "SELECT name, sql FROM sqlite_schema WHERE name = 'stories_public'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let rewrite = |sql: String| {
        let change = "UPDATE sqlite_schema SET sql = ?1 WHERE name = ?2";
        database
            .set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)
            .unwrap();
        database
            .pragma_update(None, "writable_schema", true)
            .unwrap();
        assert_eq!(database.execute(change, [&sql, &name]).unwrap(), 1);
        database
            .pragma_update(None, "writable_schema", "RESET")
            .unwrap();
    };
    rewrite(format!("{made} AND id <> {newest}"));
    database.execute_batch("REINDEX stories_public").unwrap();
    rewrite(made);
}

#[test]
fn a_story_that_is_not_served_is_a_difference_told_with_its_reader() {
    let folder = small_world();
    folder.run(&["verify"]).ends_with(0);
    lose_an_index_entry(&folder);
    let ran = folder.run(&["verify"]).ends_with(1);
    let told = ran.out.lines().next().unwrap();
    assert!(
        told.starts_with("@person0: story ") && told.ends_with(" is missing"),
        "{ran:?}"
    );
    assert!(ran.out.contains("1 difference: 3 readers"), "{ran:?}");

    let json = folder.run(&["verify", "--json"]).ends_with(1).json();
    assert_eq!(json["differences"], 1);
    assert_eq!(
        (&json["told"][0]["reader"], &json["told"][0]["what"]),
        (&json!("@person0"), &json!("missing"))
    );
    assert_eq!(
        folder
            .run(&["verify", "--reader", "person0"])
            .ends_with(1)
            .out
            .lines()
            .count(),
        2
    );
    folder.run(&["verify", "--reader", "person2"]).ends_with(0);
}

#[test]
fn a_sample_is_as_large_as_asked_and_unknown_readers_are_refused() {
    let folder = small_world();
    let ran = folder
        .run(&["verify", "--sample", "2", "--seed", "5", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(ran["readers"], 2);
    let ran = folder.run(&["verify", "--reader", "nobody"]).ends_with(3);
    assert!(
        ran.err.contains("nobody has the handle \"nobody\""),
        "{ran:?}"
    );
    folder
        .run(&["verify", "--all", "--sample", "2"])
        .ends_with(2);
}

#[test]
fn rebuild_mends_figures_terms_and_marks_and_says_so_once() {
    let folder = small_world();
    assert!(
        folder
            .run(&["rebuild"])
            .ends_with(0)
            .out
            .starts_with("nothing was wrong")
    );
    harm(
        &folder,
        "UPDATE person_counts SET friends = 4000, large = 1 WHERE person = (SELECT id FROM people WHERE handle = 'person0');
         UPDATE person_counts SET public_stories = 9 WHERE person = (SELECT id FROM people WHERE handle = 'person1');
         DELETE FROM search_terms WHERE person = (SELECT id FROM people WHERE handle = 'person2');
         INSERT INTO story_counts (story, likes) SELECT max(id), 5 FROM stories;
         DELETE FROM story_tags WHERE story = (SELECT min(id) FROM stories);",
    );
    let mended = folder.run(&["rebuild", "--json"]).ends_with(0).json();
    for (what, expected) in [
        ("people", json!(3)),
        ("stories", json!(2)),
        ("people_with_wrong_figures", json!(2)),
        ("people_with_wrong_search_terms", json!(1)),
        ("people_wrongly_marked_large", json!(1)),
        ("stories_with_wrong_figures", json!(1)),
        ("lost_tags", json!(1)),
    ] {
        assert_eq!(mended[what], expected, "{what}");
    }
    assert!(
        folder
            .run(&["rebuild"])
            .ends_with(0)
            .out
            .starts_with("nothing was wrong")
    );
}

/// A process was killed between the posts and their deliveries.
const CLAIMED_BY_THE_DEAD: &str = "
    INSERT INTO orders (kind, story, author, created_at, claimed_by, ready_at)
    SELECT 1, id, author, 0, 77, 4102444800000 FROM stories";

#[test]
fn what_a_dead_process_has_claimed_is_delivered_and_compared() {
    let folder = small_world();
    let whole = folder.run(&["verify", "--json"]).ends_with(0).json();
    harm(&folder, CLAIMED_BY_THE_DEAD);
    let ran = folder.run(&["verify", "--json"]).ends_with(0).json();
    assert_eq!(ran["stories"], whole["stories"]);
    assert_eq!(ran["compared_up_to"], serde_json::Value::Null);
}

#[test]
fn stories_that_cannot_be_compared_are_told_and_have_an_exit_code() {
    let folder = small_world();
    harm(&folder, CLAIMED_BY_THE_DEAD);
    harm(
        &folder,
        "CREATE TRIGGER stuck BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'stuck'); END",
    );
    let ran = folder.run(&["verify", "--patience=1"]).ends_with(4);
    assert!(ran.out.contains("were not compared"), "{ran:?}");
    assert!(
        ran.out.contains("no difference: 3 readers, 0 stories"),
        "{ran:?}"
    );
    let ran = folder
        .run(&["verify", "--patience=1", "--json"])
        .ends_with(4);
    assert!(ran.json()["compared_up_to"].is_string(), "{ran:?}");

    harm(&folder, "DROP TRIGGER stuck");
    folder.run(&["verify"]).ends_with(0);
}
