//! Files under the digest of their content. One suite for each engine.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

use std::{ops::Range, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use object_store::memory::InMemory;
use proptest::prelude::*;
use sosik_media::storage::{Entry, Folder, GetRange, Name, Storage, StorageError};

const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824.txt";

const FOLDER: Folder = Folder::of(261);

/// Time since 1970 after each file of these tests.
const LATER: Duration = Duration::from_secs(1 << 34);

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn in_folder(folder: &Path) -> Storage {
    Storage::open(&format!("file:{}", folder.display())).unwrap()
}

async fn entries(storage: &Storage) -> Vec<Entry> {
    let entries = storage.list(LATER).map(Result::unwrap);
    entries.collect().await
}

async fn part(storage: &Storage, name: &Name, range: Range<u64>) -> Option<Bytes> {
    let range = Some(GetRange::Bounded(range));
    let found = storage.get_range(FOLDER, name, range).await.unwrap();
    found.map(|piece| piece.bytes)
}

async fn check_engine(storage: &Storage) {
    let name = storage.put(FOLDER, bytes("hello"), "txt").await.unwrap();
    assert_eq!(name.as_str(), HELLO);
    assert_eq!(
        storage.put(FOLDER, bytes("hello"), "txt").await.unwrap(),
        name
    );
    assert_eq!(storage.size(FOLDER, &name).await.unwrap(), Some(5));
    assert_eq!(
        storage.get(FOLDER, &name).await.unwrap(),
        Some(bytes("hello"))
    );
    assert_eq!(part(storage, &name, 1..3).await, Some(bytes("el")));
    assert_eq!(part(storage, &name, 3..99).await, Some(bytes("lo")));
    let behind = Some(GetRange::Bounded(9..12));
    assert!(storage.get_range(FOLDER, &name, behind).await.is_err());
    assert!(storage.is_intact(FOLDER, &name).await.unwrap());

    let found = entries(storage).await;
    assert!(
        matches!(&found[..], [Entry::File(file)] if file.folder == FOLDER && file.name == name && file.bytes == 5),
        "{found:?}"
    );

    storage.delete(FOLDER, &name).await.unwrap();
    storage.delete(FOLDER, &name).await.unwrap();
    assert_eq!(storage.size(FOLDER, &name).await.unwrap(), None);
    assert_eq!(storage.get(FOLDER, &name).await.unwrap(), None);
    assert_eq!(part(storage, &name, 0..1).await, None);
    assert!(!storage.is_intact(FOLDER, &name).await.unwrap());
    assert_eq!(entries(storage).await, []);
}

async fn check_large_file(storage: &Storage) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video");
    let content: Vec<u8> = (0..20_000_003_u32)
        .map(|place| place.to_le_bytes()[1])
        .collect();
    std::fs::write(&path, &content).unwrap();

    let name = storage.put_file(FOLDER, &path, "mp4").await.unwrap();
    let same = storage
        .put(FOLDER, Bytes::from(content.clone()), "mp4")
        .await
        .unwrap();

    assert_eq!(name, same);
    assert_eq!(storage.get(FOLDER, &name).await.unwrap().unwrap(), content);
    assert!(storage.is_intact(FOLDER, &name).await.unwrap());
    assert!(
        storage
            .put_file(FOLDER, &folder.path().join("none"), "mp4")
            .await
            .is_err()
    );
    storage.delete(FOLDER, &name).await.unwrap();
}

#[tokio::test]
async fn a_folder_keeps_files() {
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(&folder.path().join("data/media"));
    check_engine(&storage).await;
    check_large_file(&storage).await;
}

#[tokio::test]
async fn memory_keeps_files() {
    let storage = Storage::with(Arc::new(InMemory::new()));
    check_engine(&storage).await;
    check_large_file(&storage).await;
}

#[tokio::test]
async fn a_medium_is_deleted_with_all_its_files_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    for storage in [
        in_folder(folder.path()),
        Storage::with(Arc::new(InMemory::new())),
    ] {
        let other = Folder::of(5);
        for text in ["one", "two"] {
            storage.put(FOLDER, bytes(text), "txt").await.unwrap();
        }
        let stays = storage.put(other, bytes("one"), "txt").await.unwrap();
        for _ in 0..2 {
            storage.delete_all(FOLDER).await.unwrap();
            let left = entries(&storage).await;
            assert!(
                matches!(&left[..], [Entry::File(file)] if file.folder == other && file.name == stays),
                "{left:?}"
            );
        }
    }
    assert!(!folder.path().join("05/261").exists());
}

#[tokio::test]
async fn a_damaged_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(folder.path());
    let name = storage.put(FOLDER, bytes("hello"), "txt").await.unwrap();
    std::fs::write(folder.path().join("05/261").join(HELLO), "jello").unwrap();
    assert!(!storage.is_intact(FOLDER, &name).await.unwrap());
    storage.put(FOLDER, bytes("hello"), "txt").await.unwrap();
    assert!(
        storage.is_intact(FOLDER, &name).await.unwrap(),
        "storing it again repairs it"
    );
}

#[tokio::test]
async fn a_file_that_is_stored_again_is_young_again() {
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(folder.path());
    storage.put(FOLDER, bytes("hello"), "txt").await.unwrap();
    let file = std::fs::File::options();
    let file = file
        .clone()
        .write(true)
        .open(folder.path().join("05/261").join(HELLO))
        .unwrap();
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(60))
        .unwrap();
    let age = |found: Vec<Entry>| match &found[..] {
        [Entry::File(file)] => file.age,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        age(entries(&storage).await),
        LATER - Duration::from_secs(60)
    );
    storage.put(FOLDER, bytes("hello"), "txt").await.unwrap();
    assert!(age(entries(&storage).await) < LATER - Duration::from_secs(1_700_000_000));
}

#[tokio::test]
async fn files_of_others_are_listed_as_foreign() {
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(folder.path());
    for path in [
        "note.txt",
        HELLO,
        "aa/x.jpg",
        "05/261/x.jpg",
        &format!("06/261/{HELLO}"),
    ] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
    }
    let found = entries(&storage).await;
    assert_eq!(found.len(), 5);
    assert!(
        found.iter().all(|entry| matches!(entry, Entry::Foreign(_))),
        "{found:?}"
    );
}

#[test]
fn a_url_without_an_engine_is_refused_with_a_reason() {
    for url in ["", "file:", "s3://bucket", "ftp://x", "data/media"] {
        let error = Storage::open(url).unwrap_err();
        let wanted = format!("media.url {url:?} is not supported: use file: and a folder");
        assert_eq!(error.to_string(), wanted);
    }
}

#[tokio::test]
async fn an_ending_that_is_a_path_is_refused() {
    let storage = Storage::with(Arc::new(InMemory::new()));
    for extension in ["", "../x", "JPG", "toolong", "a/b"] {
        let stored = storage.put(FOLDER, bytes("x"), extension).await;
        assert!(
            matches!(stored, Err(StorageError::Extension(_))),
            "{extension:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_but_a_name_is_a_name(text in ".{0,80}") {
        prop_assert_eq!(Name::parse(&text), None);
    }
}

#[test]
fn names_are_digests_with_an_ending() {
    assert!(Name::parse(HELLO).is_some());
    let wrong = [
        HELLO.to_uppercase(),
        HELLO.replace(".txt", ""),
        HELLO.replace(".txt", "."),
        HELLO.replace(".txt", "./x"),
        HELLO.replace("2cf2", "../."),
        format!("0{HELLO}"),
        format!(" {HELLO}"),
    ];
    for text in wrong {
        assert_eq!(Name::parse(&text), None, "{text}");
    }
}
