//! Files under the digest of their content. One suite for each engine.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

#[allow(dead_code, unreachable_pub, reason = "a module of another crate")]
#[path = "../../testkit/src/storage.rs"]
mod faulty;
#[allow(unreachable_pub, reason = "a module of another crate")]
#[path = "../../testkit/src/s3.rs"]
mod s3;

use std::{ops::Range, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use faulty::FaultyFiles;
use futures::StreamExt;
use object_store::memory::InMemory;
use proptest::prelude::*;
use s3::{BUCKET, KEY, S3Server, SECRET};
use sosik_media::storage::{
    Bucket, Entry, Folder, GetRange, Name, Parts, STREAM_PIECE_BYTES, Storage, StorageError,
};
use tokio::net::TcpListener;

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

fn bucket_of(url: &str) -> Bucket {
    Bucket {
        name: BUCKET.to_owned(),
        folder: "sosik".to_owned(),
        endpoint: Some(url.to_owned()),
        region: "ap-northeast-2".to_owned(),
        access_key: KEY.to_owned(),
        secret_key: SECRET.to_owned(),
    }
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

/// A file of several pieces is streamed, in whole and in part.
async fn check_streams(storage: &Storage) {
    let whole: Vec<u8> = (0..200_001_u32).map(|at| at.to_le_bytes()[0]).collect();
    let name = storage
        .put(FOLDER, whole.clone().into(), "mp4")
        .await
        .unwrap();
    let size = whole.len() as u64;
    for (asked, wanted) in [
        (None, 0..size),
        (Some(GetRange::Bounded(70_000..140_000)), 70_000..140_000),
        (Some(GetRange::Bounded(1..2 * size)), 1..size),
        (Some(GetRange::Suffix(5)), size - 5..size),
    ] {
        let content = storage.stream(FOLDER, &name, asked).await.unwrap().unwrap();
        assert_eq!((content.range, content.size), (wanted.clone(), size));
        let pieces: Vec<Bytes> = content.pieces.map(Result::unwrap).collect().await;
        let [start, end] = [wanted.start, wanted.end].map(|at| usize::try_from(at).unwrap());
        assert!(pieces.concat() == whole[start..end]);
    }
    storage.delete(FOLDER, &name).await.unwrap();
    assert!(storage.stream(FOLDER, &name, None).await.unwrap().is_none());
}

#[tokio::test]
async fn a_streamed_file_of_a_folder_has_pieces_of_a_bounded_size() {
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(folder.path());
    let whole = Bytes::from(vec![7; 1_000_000]);
    let name = storage.put(FOLDER, whole, "mp4").await.unwrap();
    let content = storage.stream(FOLDER, &name, None).await.unwrap().unwrap();
    let sizes = content.pieces.map(|piece| piece.unwrap().len());
    let largest = sizes.fold(0, async |most, size| most.max(size)).await;
    assert!((8_193..=STREAM_PIECE_BYTES).contains(&largest), "{largest}");
}

async fn check_engine(storage: &Storage) {
    check_streams(storage).await;
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
async fn a_bucket_keeps_files() {
    let server = S3Server::start().await;
    let storage = Storage::in_bucket(bucket_of(&server.url)).unwrap();
    storage.check().await.unwrap();
    check_engine(&storage).await;
    check_large_file(&storage).await;
    assert_eq!(storage.free_bytes(), None);
}

#[tokio::test]
async fn two_folders_of_a_bucket_do_not_see_each_other() {
    let server = S3Server::start().await;
    let mine = Storage::in_bucket(bucket_of(&server.url)).unwrap();
    let other = Storage::in_bucket(Bucket {
        folder: "sosik-staging".to_owned(),
        ..bucket_of(&server.url)
    })
    .unwrap();
    let name = mine.put(FOLDER, bytes("hello"), "txt").await.unwrap();
    assert_eq!(other.get(FOLDER, &name).await.unwrap(), None);
    assert_eq!(entries(&other).await, []);
    other.delete_all(FOLDER).await.unwrap();
    assert!(mine.is_intact(FOLDER, &name).await.unwrap());
    assert!(server.bucket().join("sosik").exists());
}

#[tokio::test]
async fn a_wrong_key_is_rejected_at_the_first_check_and_shown_nowhere() {
    let server = S3Server::start().await;
    let wrong = Bucket {
        secret_key: "another-secret".to_owned(),
        ..bucket_of(&server.url)
    };
    let storage = Storage::in_bucket(wrong.clone()).unwrap();
    let error = storage.check().await.unwrap_err();
    assert!(error.is_rejected(), "{error:?}");
    for shown in [
        format!("{wrong:?}"),
        format!("{storage:?}"),
        format!("{error:?}"),
    ] {
        assert!(!shown.contains("another-secret"), "{shown}");
    }
}

/// The paused clock jumps while all tasks wait, so the test is fast. The retry timeout follows the real clock, so every
/// retry happens.
#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let storage = Storage::in_bucket(bucket_of(&url)).unwrap();
    let began = tokio::time::Instant::now();
    let error = storage.check().await.unwrap_err();
    assert!(!error.is_rejected(), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(150));
}

#[tokio::test]
async fn a_medium_is_deleted_with_all_its_files_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let server = S3Server::start().await;
    for storage in [
        in_folder(folder.path()),
        Storage::with(Arc::new(InMemory::new())),
        Storage::in_bucket(bucket_of(&server.url)).unwrap(),
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

/// Parts of the given sizes, stored by one request each.
async fn stored_parts(storage: &Storage, sizes: &[usize]) -> (Parts, Vec<u8>) {
    let (mut parts, mut whole) = (Parts::default(), Vec::new());
    for (writer, size) in (1..).zip(sizes) {
        let bytes = vec![7; *size];
        whole.extend_from_slice(&bytes);
        let name = storage
            .put_part(FOLDER, bytes.into(), writer)
            .await
            .unwrap();
        parts.push(name);
    }
    (parts, whole)
}

#[tokio::test]
async fn an_upload_in_parts_is_read_in_order_and_copied_piece_by_piece() {
    let folder = tempfile::tempdir().unwrap();
    for storage in [
        in_folder(folder.path()),
        Storage::with(Arc::new(InMemory::new())),
    ] {
        let (parts, whole) = stored_parts(&storage, &[3, 100_000, 3]).await;
        let text = parts.to_string();
        assert_eq!(Parts::parse(&text), Some(parts.clone()));
        assert!(parts.names().iter().all(Name::is_upload), "{text}");
        let read = storage.get_parts(FOLDER, &parts).await.unwrap().unwrap();
        assert!(read == whole, "other bytes");
        let mut copy = Vec::new();
        let copied = storage.copy_parts(FOLDER, &parts, &mut copy).await.unwrap();
        assert_eq!(copied, Some(100_006));
        assert!(copy == whole, "other bytes");
        storage.delete(FOLDER, &parts.names()[1]).await.unwrap();
        assert_eq!(storage.get_parts(FOLDER, &parts).await.unwrap(), None);
        let missing = storage.copy_parts(FOLDER, &parts, &mut Vec::new()).await;
        assert_eq!(missing.unwrap(), None);
    }
    for text in ["", " ", "x", &format!("{HELLO} "), &format!(" {HELLO}")] {
        assert_eq!(Parts::parse(text), None, "{text:?}");
    }
}

#[tokio::test]
async fn equal_parts_of_two_requests_are_two_files() {
    let storage = Storage::with(Arc::new(InMemory::new()));
    let (parts, _) = stored_parts(&storage, &[5, 5]).await;
    assert_ne!(parts.names()[0], parts.names()[1]);
    storage.delete(FOLDER, &parts.names()[0]).await.unwrap();
    assert!(storage.is_intact(FOLDER, &parts.names()[1]).await.unwrap());
}

#[tokio::test]
async fn the_parts_of_an_upload_are_deleted_and_the_other_files_stay() {
    let storage = Storage::with(Arc::new(InMemory::new()));
    stored_parts(&storage, &[5, 6]).await;
    storage.put_upload(FOLDER, bytes("whole")).await.unwrap();
    let served = ["webp", "jpg", "mp4"];
    for ending in served {
        storage.put(FOLDER, bytes("hello"), ending).await.unwrap();
    }
    storage.delete_parts(FOLDER).await.unwrap();
    assert_eq!(entries(&storage).await.len(), served.len());
}

#[tokio::test]
async fn a_large_file_whose_caller_gives_up_leaves_no_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video");
    std::fs::write(&path, vec![7; 20_000_000]).unwrap();
    let engine = Arc::new(FaultyFiles::default());
    let storage = Storage::with(engine.clone());
    let mut storing = Box::pin(storage.put_file(FOLDER, &path, "mp4"));
    while engine.begun() == 0 {
        let step = Duration::from_millis(1);
        let stored = tokio::time::timeout(step, &mut storing).await;
        assert!(stored.is_err(), "it never arrives");
    }
    drop(storing);
    storage.settled().await;
    assert_eq!(engine.aborted(), 1);
}

#[tokio::test]
async fn files_that_a_killed_process_left_are_removed_when_they_are_old() {
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(folder.path());
    storage.put(FOLDER, bytes("hello"), "txt").await.unwrap();
    let medium = folder.path().join("05").join("261");
    let staged = [format!("{HELLO}#1"), format!("{HELLO}#2")];
    for name in &staged {
        std::fs::write(medium.join(name), "hel").unwrap();
    }
    std::fs::write(medium.join("notes#1"), "of the operator").unwrap();
    let hour = Duration::from_secs(3600);
    for (name, written) in staged.iter().zip([hour, 3 * hour]) {
        let mut options = std::fs::File::options();
        let file = options.write(true).open(medium.join(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + written).unwrap();
    }
    let now = 3 * hour;
    assert_eq!(storage.remove_staged(now, hour).await.unwrap(), 1);
    assert!(!medium.join(&staged[0]).exists());
    assert!(medium.join(&staged[1]).exists() && medium.join("notes#1").exists());
    assert!(medium.join(HELLO).exists());
    let memory = Storage::with(Arc::new(InMemory::new()));
    assert_eq!(memory.remove_staged(now, hour).await.unwrap(), 0);
}

#[tokio::test]
async fn a_file_that_a_killed_process_left_goes_with_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(folder.path());
    storage.put(FOLDER, bytes("hello"), "txt").await.unwrap();
    let medium = folder.path().join("05").join("261");
    std::fs::write(medium.join(format!("{HELLO}#1")), "hel").unwrap();
    storage.delete_all(FOLDER).await.unwrap();
    assert!(!medium.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_medium_is_deleted_while_files_are_written_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(folder.path());
    let writes = tokio::spawn({
        let storage = storage.clone();
        async move {
            for writer in 0..2_000 {
                // The folder may be removed under a file that is written.
                let _stored = storage.put_part(FOLDER, bytes("hello"), writer % 100).await;
            }
        }
    });
    while !writes.is_finished() {
        storage.delete_all(FOLDER).await.unwrap();
    }
    writes.await.unwrap();
    storage.delete_all(FOLDER).await.unwrap();
    assert_eq!(entries(&storage).await.len(), 0);
}
