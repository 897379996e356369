//! Damaged or missing files, and files in the way: nothing is half done, and the message names the file.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use common::{Folder, Ran};
use sosik_store::{Maintenance, Store};

/// Stories whose words hardly repeat, so that most bits of the compressed file are literals. A flipped bit then changes
/// one letter, and only the checksum at the end detects it.
fn stories() -> String {
    let mut text = String::new();
    let mut chance = 1_u64;
    for number in 0..6_000 {
        let mut words = String::new();
        for _ in 0..6 {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(7);
            write!(words, "{:x} ", chance >> 20).unwrap();
        }
        let at = 1_735_689_600 + number;
        writeln!(text, r#"{{"author": 1, "text": "{words}", "at": {at}}}"#).unwrap();
    }
    text
}

fn import(folder: &Folder) -> Ran {
    folder.run(&[
        "import",
        "--friendships=friends",
        "--stories=stories.gz",
        "--json",
    ])
}

#[track_caller]
fn check_refused(ran: Ran, name: &str, why: &str) {
    let ran = ran.ends_with(3);
    assert!(ran.err.contains(name), "{why}: {ran:?}");
    assert!(ran.err.contains("damaged"), "{why}: {ran:?}");
    assert_eq!(ran.out, "", "{why}");
}

async fn check_empty(folder: &Folder, why: &str) {
    let store = folder.store();
    let counts = (
        store.people_count().await.unwrap(),
        store.stories_count().await.unwrap(),
    );
    store.close().await;
    assert_eq!(counts, (0, 0), "{why}: people and stories");
}

#[tokio::test]
async fn nothing_is_imported_when_a_compressed_file_is_damaged_anywhere() {
    let folder = Folder::new();
    folder.write("friends", "1 2\n");
    folder.write_gzip("whole.gz", &stories());
    let whole = fs::read(folder.path("whole.gz")).unwrap();
    fs::create_dir(folder.path("data")).unwrap();
    let length = whole.len();

    // In the first block, in the middle, in the last block, and in the checksum.
    for place in [40, length / 3, length / 2, length - 40, length - 6] {
        for bit in [0, 5] {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << bit;
            fs::write(folder.path("stories.gz"), flipped).unwrap();
            let why = format!("bit {bit} of byte {place} of {length}");
            check_refused(import(&folder), "stories.gz", &why);
            check_empty(&folder, &why).await;
        }
    }
    for kept in [length - 1, length - 8, length / 2, 12] {
        fs::write(folder.path("stories.gz"), &whole[..kept]).unwrap();
        let why = format!("{kept} bytes of {length}");
        check_refused(import(&folder), "stories.gz", &why);
        check_empty(&folder, &why).await;
    }

    fs::write(folder.path("stories.gz"), &whole).unwrap();
    assert_eq!(import(&folder).ends_with(0).json()["stories"]["new"], 6_000);
}

#[tokio::test]
async fn nothing_is_imported_when_compressed_standard_input_is_damaged() {
    let folder = Folder::new();
    folder.write_gzip("whole.gz", &stories());
    let mut flipped = fs::read(folder.path("whole.gz")).unwrap();
    fs::create_dir(folder.path("data")).unwrap();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let mut child = folder
        .command(&["import", "--stories=-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&flipped).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("standard input is damaged"), "{told}");
    check_empty(&folder, "standard input").await;
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_named() {
    let folder = Folder::new();
    folder.write("file", "this is no database and no list");
    fs::create_dir(folder.path("folder")).unwrap();
    let checks: &[(&[&str], &str)] = &[
        (&["import", "--people=absent"], "absent"),
        (&["import", "--people=folder"], "folder"),
        (&["import", "--stories=file/below"], "file/below"),
        (&["world", "--friendships=absent"], "absent"),
        (
            &["world", "--describe", "--people=100", "--compare=absent"],
            "absent",
        ),
        (
            &[
                "world",
                "--describe",
                "--people=100",
                "--svg=absent/plot.svg",
            ],
            "absent/plot.svg",
        ),
        (
            &["world", "--describe", "--people=100", "--svg=/dev/full"],
            "/dev/full",
        ),
        (&["demo", "--data=file"], "file"),
        (&["demo", "--data=file/below"], "file/below"),
        (&["verify", "--set=store.url=sqlite:file"], "file"),
        (&["verify", "--set=store.url=sqlite:folder"], "folder"),
        (&["verify", "--set=store.url=sqlite:file/below.db"], "file"),
        (&["config", "--config=absent"], "absent"),
        (&["plan", "--people=1M", "--costs=absent"], "absent"),
        (
            &["plan", "--people=1M", "--measure", "--measure-in=absent"],
            "absent",
        ),
    ];
    for (arguments, name) in checks {
        let ran = folder.run(arguments);
        assert_ne!(ran.code, Some(0), "{arguments:?}");
        assert!(ran.err.contains(name), "{arguments:?}: {}", ran.err);
    }
}
