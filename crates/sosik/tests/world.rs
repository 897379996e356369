//! Fills a store with a world. The result is the same however often the run was killed.

#![expect(clippy::unwrap_used, reason = "an unreadable file must fail the test")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use common::{Folder, Server};
use rusqlite::Connection;

const WORLD: [&str; 6] = [
    "world",
    "--people=9000",
    "--mean=12",
    "--stories-per-person=8",
    "--until=2026-10-01",
    "--json",
];

/// Every row of a world.
fn rows(database: &Path) -> Vec<Vec<String>> {
    let store = Connection::open(database).unwrap();
    let queries = [
        "SELECT id || handle || display_name || bio FROM people ORDER BY id",
        "SELECT person || ' ' || friend || ' ' || since FROM friendships ORDER BY person, friend",
        "SELECT follower || ' ' || followee || ' ' || since FROM follows ORDER BY follower, followee",
        "SELECT id || ' ' || author || ' ' || audience || text || tags FROM stories ORDER BY id",
        "SELECT person || ' ' || friends || ' ' || follows || ' ' || followers || ' ' || stories || ' ' || large
             FROM person_counts ORDER BY person",
    ];
    let rows = |query: &&str| {
        let mut statement = store.prepare(query).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    queries.iter().map(rows).collect()
}

/// Starts the world and kills the process as soon as it reports this part. The next part is then in progress.
fn kill_behind(folder: &Folder, part: &str) {
    let mut running = folder
        .command(&WORLD)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(running.stderr.take().unwrap()).lines();
    let mut told = told.map(Result::unwrap);
    assert!(told.any(|line| line.starts_with(part)), "{part} is told");
    running.kill().unwrap();
    running.wait().unwrap();
}

#[test]
fn a_world_that_was_killed_again_and_again_is_the_same_in_the_end_and_then_stays() {
    let (whole, killed) = (Folder::new(), Folder::new());
    let made = whole.run(&WORLD).ends_with(0).json();
    assert_eq!(made["people"]["new"], 8_999, "all but the one who signs");
    assert_eq!(made["stories"]["new"], 72_000);
    let friendships = made["friendships"]["new"].as_u64().unwrap();
    assert!((45_000..63_000).contains(&friendships), "{friendships}");

    for part in ["people", "friendships", "follows"] {
        kill_behind(&killed, part);
    }
    killed.run(&WORLD).ends_with(0);
    assert!(
        rows(&whole.database()) == rows(&killed.database()),
        "the worlds differ"
    );

    let again = killed.run(&WORLD).ends_with(0).json();
    for part in ["people", "friendships", "follows", "stories"] {
        assert_eq!(again[part]["new"], 0, "{part}");
    }
    let rebuilt = killed.run(&["rebuild", "--json"]).ends_with(0).json();
    let mended = [
        "people_with_wrong_figures",
        "people_with_wrong_search_terms",
        "people_wrongly_marked_large",
        "lost_tags",
    ];
    for what in mended {
        assert_eq!(rebuilt[what], 0, "{rebuilt}");
    }
    killed.run(&["verify", "--sample=5"]).ends_with(0);
}

#[test]
fn a_store_is_of_one_world_and_of_nobody_else() {
    let folder = Folder::new();
    let small = ["world", "--people=100", "--stories-per-person=0"];
    folder.run(&small).ends_with(0);
    let other = folder.run(&[&small[..], &["--seed=2"]].concat());
    assert!(
        other.err.contains("the store holds another world"),
        "{other:?}"
    );
    other.ends_with(3);

    let lived_in = Folder::new();
    lived_in.write("friends", "1 2\n");
    lived_in
        .run(&["import", "--friendships", "friends"])
        .ends_with(0);
    let refused = lived_in.run(&small);
    assert!(refused.err.contains("people of no world"), "{refused:?}");
    refused.ends_with(3);
}

#[test]
fn an_edge_list_becomes_a_world_with_stories_and_log_ins() {
    let folder = Folder::new();
    folder.write("friends.txt", "# a comment\n7 3\n3 90\n7 90\n3 7\n90 12\n");
    let listed = [
        "world",
        "--friendships=friends.txt",
        "--stories-per-person=5",
        "--json",
    ];
    let made = folder.run(&listed).ends_with(0).json();
    assert_eq!(made["people"]["new"], 3, "all but the one who signs");
    assert_eq!(made["friendships"]["new"], 4);
    assert_eq!(made["stories"]["new"], 20);
    let again = folder.run(&listed).ends_with(0).json();
    assert_eq!(again["friendships"]["new"], 0);
    assert_eq!(again["stories"]["new"], 0);

    let server = Server::start(&folder, &[]);
    let asked = folder.run(&[
        "load",
        "--url",
        &server.url,
        "--demo=person90:a-heron-in-the-reeds",
        "--seconds=1",
        "--rate=5",
    ]);
    assert!(asked.err.contains("4 people send requests"), "{asked:?}");
    asked.ends_with(0);
}

#[test]
fn the_shape_of_a_world_is_described_beside_that_of_a_list() {
    let folder = Folder::new();
    folder.write("some.edges.txt", "1 2\n2 3\n3 1\n3 4\n");
    let told = folder
        .run(&[
            "world",
            "--describe",
            "--people=1000",
            "--mean=20",
            "--compare=some.edges.txt",
            "--svg=shape.svg",
        ])
        .ends_with(0);
    assert!(
        told.out
            .contains("| some | 4 | 4 | 2.0 | 2 | 3 | 3 | 0.778 |"),
        "{told:?}"
    );
    let svg = std::fs::read_to_string(folder.path("shape.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("some (clustering 0.78)"));
}
