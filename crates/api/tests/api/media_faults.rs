//! Uploads while the storage fails, and workers that lose their claims: no upload that was accepted is lost.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sosik_api::schema::{Media, MediaState};
use sosik_feed::{MediaId, Timestamp};
use sosik_service::Clock;
use sosik_service::media::{Program, Storage, WorkerSettings, Workers};
use sosik_store::{MediaQueue, MediaTask};
use sosik_testkit::app::decoder;
use sosik_testkit::media::photo;
use sosik_testkit::storage::{FaultyFiles, Reads};
use sosik_testkit::{TestApp, TestPerson, eventually};
use tempfile::TempDir;

/// Duration of a claim. A worker notices a lost claim within a third of it.
const CLAIM: Duration = Duration::from_millis(600);

/// Poll interval of the workers, and their delay after a failure.
const SOON: Duration = Duration::from_millis(5);

/// Longer than an unused file is kept.
const HOURS: Duration = Duration::from_secs(3 * 3600);

/// More claims than may end with their process.
const MANY: u64 = 8;

struct Studio {
    app: TestApp,
    files: Arc<FaultyFiles>,
    mina: TestPerson,
}

impl Studio {
    async fn open(reads: Reads) -> Self {
        Self::with_workers(reads, None).await
    }

    async fn with_workers(reads: Reads, workers: Option<Arc<Workers>>) -> Self {
        let files = Arc::new(FaultyFiles::default());
        files.reads(reads);
        let storage = Storage::with(files.clone());
        let app = TestApp::with(|settings| {
            settings.storage = Some(storage);
            settings.workers = workers;
            settings.service.media.claim = CLAIM;
            settings.service.media.retry_after = SOON;
            settings.service.media.poll_every = SOON;
            settings.service.media.workers = 1;
        })
        .await;
        let mina = app.user("mina").await;
        Self { app, files, mina }
    }

    async fn uploads(&self) -> Media {
        self.mina.uploads(&photo(40, 30, 1)).await
    }

    async fn state(&self, media: &Media) -> Media {
        let path = format!("/v1/media/{}", media.id);
        self.mina.get(&path).await.expect(200).read()
    }

    async fn becomes(&self, media: &Media, state: MediaState) -> Media {
        eventually("the upload is processed", async || {
            self.state(media).await.state == state
        })
        .await;
        self.state(media).await
    }

    async fn is_disturbed(&self, reads: u64) {
        eventually("workers try to read the upload", async || {
            self.files.disturbed() >= reads
        })
        .await;
    }

    /// Takes the claim away from the worker, as another node does when the claim has expired.
    async fn takes_the_claim(&self, media: &Media) -> MediaTask {
        let (store, now) = (self.app.service().store(), self.app.clock().now());
        let id = id(media);
        let released = store.release_media(id, 1, now).await;
        assert!(released.unwrap(), "the first claim is that of the worker");
        let claimed = store.claim_media(MediaQueue::Short, now, now.plus(HOURS));
        let claimed = claimed.await.unwrap().unwrap();
        assert_eq!(claimed.media, id);
        claimed
    }

    async fn gives_back(&self, task: &MediaTask, now: Timestamp) {
        let store = self.app.service().store();
        let released = store.release_media(task.media, task.attempt, now).await;
        assert!(released.unwrap());
    }

    async fn has_upload(&self) -> bool {
        self.files.endings().await.contains(&"up".to_owned())
    }
}

fn id(media: &Media) -> MediaId {
    MediaId::from_u64(media.id.parse().unwrap())
}

#[tokio::test]
async fn a_storage_that_fails_for_long_costs_no_upload() {
    let studio = Studio::open(Reads::Fail).await;
    let upload = studio.uploads().await;
    studio.is_disturbed(MANY).await;
    assert_eq!(studio.state(&upload).await.state, MediaState::Processing);
    studio.files.reads(Reads::Work);
    studio.becomes(&upload, MediaState::Ready).await;
}

#[tokio::test]
async fn services_that_stop_in_the_middle_cost_no_upload() {
    let mut studio = Studio::open(Reads::Fail).await;
    let upload = studio.uploads().await;
    for stop in 1..MANY {
        studio.is_disturbed(stop).await;
        studio.app.restart().await;
    }
    studio.files.reads(Reads::Work);
    studio.becomes(&upload, MediaState::Ready).await;
}

#[tokio::test]
async fn one_answer_that_an_upload_is_missing_is_not_believed() {
    let studio = Studio::open(Reads::Miss).await;
    let upload = studio.uploads().await;
    studio.is_disturbed(1).await;
    studio.files.reads(Reads::Work);
    studio.becomes(&upload, MediaState::Ready).await;

    studio.files.reads(Reads::Miss);
    let before = studio.files.disturbed();
    let upload = studio.uploads().await;
    let lost = studio.becomes(&upload, MediaState::Failed).await;
    assert!(lost.problem.unwrap().detail.contains("the upload was lost"));
    assert_eq!(studio.files.disturbed() - before, 5);
}

/// Workers whose first `hang` processes hang. Later ones decode.
fn workers_that_hang(starts: &Path, hang: u64, deadline: Duration) -> Arc<Workers> {
    let script = format!(
        "echo >> {starts}; test $(wc -l < {starts}) -gt {hang} && exec {decoder} \"$0\"; exec sleep 600",
        starts = starts.display(),
        decoder = decoder().path.display(),
    );
    let program = Program {
        path: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), script],
        environment: vec![("PATH", "/usr/bin:/bin")],
    };
    let settings = WorkerSettings {
        deadline,
        ..WorkerSettings::default()
    };
    Arc::new(Workers::new(program, settings))
}

#[tokio::test]
async fn a_photo_that_was_not_decoded_before_the_deadline_is_tried_again() {
    let folder = TempDir::new().unwrap();
    let starts = folder.path().join("starts");
    let workers = workers_that_hang(&starts, 1, Duration::from_secs(5));
    let studio = Studio::with_workers(Reads::Work, Some(workers)).await;
    let upload = studio.uploads().await;
    studio.becomes(&upload, MediaState::Ready).await;
}

#[tokio::test]
async fn a_photo_whose_processes_always_hang_fails_in_the_end() {
    let folder = TempDir::new().unwrap();
    let starts = folder.path().join("starts");
    let workers = workers_that_hang(&starts, MANY, Duration::from_secs(2));
    let studio = Studio::with_workers(Reads::Work, Some(workers)).await;
    let upload = studio.uploads().await;
    let failed = studio.becomes(&upload, MediaState::Failed).await;
    let problem = failed.problem.unwrap();
    assert!(
        problem.detail.contains("could not be processed"),
        "{}",
        problem.detail
    );
    let started = std::fs::read_to_string(starts).unwrap();
    assert_eq!(started.lines().count(), 5);
}

#[tokio::test]
async fn a_worker_that_lost_its_claim_leaves_the_upload_to_the_one_that_has_it() {
    let studio = Studio::open(Reads::Wait).await;
    let upload = studio.uploads().await;
    studio.is_disturbed(1).await;
    let task = studio.takes_the_claim(&upload).await;
    studio.files.reads(Reads::Work);
    // Its process ends, and another upload is processed by the same worker.
    let other = studio.uploads().await;
    studio.becomes(&other, MediaState::Ready).await;
    assert!(studio.has_upload().await);
    assert_eq!(studio.state(&upload).await.state, MediaState::Processing);

    studio.gives_back(&task, studio.app.clock().now()).await;
    studio.becomes(&upload, MediaState::Ready).await;
}

#[tokio::test]
async fn a_worker_that_hangs_and_lost_its_claim_gives_up() {
    let studio = Studio::open(Reads::Wait).await;
    let upload = studio.uploads().await;
    studio.is_disturbed(1).await;
    let task = studio.takes_the_claim(&upload).await;
    // The only worker hangs on the first upload until it notices.
    studio.uploads().await;
    studio.is_disturbed(2).await;
    studio.files.reads(Reads::Work);
    studio.gives_back(&task, studio.app.clock().now()).await;
    studio.becomes(&upload, MediaState::Ready).await;
}

#[tokio::test]
async fn an_upload_that_a_killed_worker_left_beside_its_result_is_removed() {
    let studio = Studio::open(Reads::Work).await;
    studio.files.keep(true);
    let ready = studio.uploads().await;
    studio.becomes(&ready, MediaState::Ready).await;
    studio.files.keep(false);
    let media = studio.app.service().media();
    assert!(studio.has_upload().await);
    let served = studio.files.endings().await.len() - 1;
    media.collect_orphans().await.unwrap();
    assert_eq!(studio.files.endings().await.len(), served);
    assert!(!studio.has_upload().await);
}

#[tokio::test]
async fn an_upload_that_waits_for_hours_is_not_removed() {
    let studio = Studio::open(Reads::Fail).await;
    let waits = studio.uploads().await;
    studio.is_disturbed(1).await;
    studio.app.clock().advance(HOURS);
    let media = studio.app.service().media();
    media.collect_orphans().await.unwrap();
    studio.files.reads(Reads::Work);
    studio.becomes(&waits, MediaState::Ready).await;
}
