//! Opens the configured storage of media, and the programs that decode them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use sosik_service::media::preview::{AddressPolicy, Fetcher, Settings as FetchSettings};
use sosik_service::media::{
    Bucket, Ffmpeg, MediaEngine, Program, Storage, VIDEO_WORK_BYTES_MAX, VideoEngine, Videos,
    WorkFolder, WorkerSettings, Workers,
};
use sosik_service::settings::Previews;

use crate::config::{BUCKET, Config};
use crate::engines::SQLITE;

/// The subcommand of a process that decodes one file.
pub const MEDIA_WORKER: &str = "media-worker";

/// Tells the allocator of this executable to reserve no arena of 1 GiB, which is more than a worker process may have.
const NO_ARENA: [(&str, &str); 1] = [("MIMALLOC_DISALLOW_ARENA_ALLOC", "1")];

/// Opens the storage of media, and prepares the processes that decode them. `None`: this node takes no uploads.
///
/// # Errors
/// A folder cannot be created, the bucket rejects the key, or an executable cannot be found. A bucket that does not answer
/// is no error: uploads fail until it does.
pub async fn open_media(config: &Config) -> anyhow::Result<Option<MediaEngine>> {
    let Some(url) = media_url(config) else {
        return Ok(None);
    };
    let mut program = Program::own(MEDIA_WORKER).context("find this executable")?;
    program.environment = NO_ARENA.to_vec();
    let settings = WorkerSettings {
        processes_max: config.service.media.workers,
        ..WorkerSettings::default()
    };
    Ok(Some(MediaEngine {
        storage: open_storage(config, &url).await?,
        workers: Arc::new(Workers::new(program.clone(), settings)),
        video: open_video(config, &url, program)?,
        fetcher: fetcher(config.service.media.previews),
    }))
}

/// The client that fetches the pages of links. `None`: stories show no previews.
fn fetcher(previews: Previews) -> Option<Arc<Fetcher>> {
    let fetcher = || Fetcher::new(AddressPolicy::default(), FetchSettings::default());
    (previews == Previews::On).then(|| Arc::new(fetcher()))
}

async fn open_storage(config: &Config, url: &str) -> anyhow::Result<Storage> {
    let named = || format!("open media.url {url}");
    let Some(place) = url.strip_prefix(BUCKET) else {
        return Storage::open(url).with_context(named);
    };
    let storage = Storage::in_bucket(bucket(config, place)).with_context(named)?;
    match storage.check().await {
        Ok(()) => {}
        Err(error) if error.is_rejected() => {
            return Err(error).with_context(|| {
                format!(
                    "use {url}: check media.s3_access_key, its rights and the name of the bucket"
                )
            });
        }
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::warn!(
                "{url} does not answer, so photos and videos are not available yet: {error:#}"
            );
        }
    }
    Ok(storage)
}

/// The bucket at `place`: its name, optionally followed by a slash and a folder.
fn bucket(config: &Config, place: &str) -> Bucket {
    let (name, folder) = place.split_once('/').unwrap_or((place, ""));
    let media = &config.media;
    Bucket {
        name: name.to_owned(),
        folder: folder.to_owned(),
        endpoint: Some(media.s3_endpoint.clone()).filter(|url| !url.is_empty()),
        region: media.s3_region.clone(),
        access_key: media.s3_access_key.clone(),
        secret_key: media.s3_secret_key.reveal().unwrap_or_default().to_owned(),
    }
}

/// The URL of the files of media. `None`: this node takes no uploads.
fn media_url(config: &Config) -> Option<String> {
    /// The folder beside the database.
    const FOLDER: &str = "media";
    match config.media.url.as_str() {
        "none" => None,
        "" if config.urls.store.scheme() == SQLITE => {
            let folder = Path::new(config.urls.store.rest()).with_file_name(FOLDER);
            Some(format!("file:{}", folder.display()))
        }
        "" => None,
        url => Some(url.to_owned()),
    }
}

fn open_video(config: &Config, media_url: &str, program: Program) -> anyhow::Result<VideoEngine> {
    let settings = WorkerSettings {
        processes_max: config.service.media.video_workers,
        ..WorkerSettings::video()
    };
    let workers = Arc::new(Workers::new(program, settings));
    let folder = work_folder(config, media_url).context("write media.work_folder")?;
    let free_min = config.service.media.free_bytes_min;
    let work = WorkFolder::open(&folder, VIDEO_WORK_BYTES_MAX, free_min);
    Ok(VideoEngine {
        videos: Videos::new(workers, ffmpeg(&config.media.ffmpeg)?),
        work: work.with_context(|| format!("open media.work_folder {}", folder.display()))?,
    })
}

/// The folder in which videos are prepared. `None`: no folder of this machine is known, and none is configured.
/// Never the folder for temporary files, because it is often in memory, and every user can create folders there.
fn work_folder(config: &Config, media_url: &str) -> Option<PathBuf> {
    /// The folder beside the files, or beside the database.
    const FOLDER: &str = "media-work";
    if !config.media.work_folder.is_empty() {
        return Some(config.media.work_folder.clone().into());
    }
    let store = &config.urls.store;
    let database = (store.scheme() == SQLITE).then(|| store.rest());
    let beside = media_url.strip_prefix("file:").or(database)?;
    Some(Path::new(beside).with_file_name(FOLDER))
}

/// The program that a configuration names.
fn ffmpeg(configured: &str) -> anyhow::Result<Option<Ffmpeg>> {
    match configured {
        "" => Ok(Ffmpeg::find()),
        "none" => Ok(None),
        path => {
            let found = Ffmpeg::at(Path::new(path));
            let missing =
                || format!("media.ffmpeg is {path}, where no file is: install it, or write none");
            found.map(Some).with_context(missing)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ffmpeg, media_url, work_folder};
    use crate::config::{Inputs, load};

    #[test]
    fn photos_are_beside_the_database_unless_it_is_configured_otherwise() {
        let url = |flags: &[&str]| {
            let inputs = Inputs {
                file: None,
                environment: Vec::new(),
                flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            };
            media_url(&load(inputs).unwrap().config)
        };
        assert_eq!(url(&[]).as_deref(), Some("file:data/media"));
        let flags = ["store.url=sqlite:/var/lib/sosik/s.db"];
        assert_eq!(url(&flags).as_deref(), Some("file:/var/lib/sosik/media"));
        assert_eq!(url(&["store.url=postgres://a@b/c"]), None);
        assert_eq!(url(&["media.url=none"]), None);
        let flags = ["store.url=postgres://a@b/c", "media.url=file:/m"];
        assert_eq!(url(&flags).as_deref(), Some("file:/m"));
    }

    #[test]
    fn videos_are_prepared_beside_the_files_unless_it_is_configured_otherwise() {
        let folder = |flags: &[&str], url: &str| {
            let inputs = Inputs {
                file: None,
                environment: Vec::new(),
                flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            };
            work_folder(&load(inputs).unwrap().config, url)
        };
        let found = |flags: &[&str], url: &str| folder(flags, url).unwrap();
        assert_eq!(found(&[], "file:data/media"), Path::new("data/media-work"));
        let database = ["store.url=sqlite:/var/lib/sosik/s.db"];
        let beside = Path::new("/var/lib/sosik/media-work");
        assert_eq!(found(&database, "s3://bucket"), beside);
        let flags = ["media.work_folder=/scratch"];
        assert_eq!(found(&flags, "file:data/media"), Path::new("/scratch"));
        let flags = ["store.url=postgres://a@b/c"];
        assert_eq!(folder(&flags, "s3://bucket"), None);
    }

    #[test]
    fn an_ffmpeg_that_is_not_there_is_an_error_and_none_is_none() {
        assert!(ffmpeg("none").unwrap().is_none());
        let error = ffmpeg("/nowhere/ffmpeg").unwrap_err().to_string();
        assert!(error.contains("/nowhere/ffmpeg"), "{error}");
    }
}
