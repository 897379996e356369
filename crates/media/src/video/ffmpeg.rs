//! `ffmpeg` as a child process with limits.
//!
//! The worker process gives up network, memory and files and then becomes `ffmpeg`. The container is named by its magic
//! bytes and not guessed, and only files may be opened, so a playlist that pretends to be a video leads nowhere.

use std::path::{Path, PathBuf};

use crate::{
    Kind, Refusal,
    limits::VIDEO_DURATION_MAX,
    worker::{Failure, Workers},
};

/// `ffmpeg` on this machine.
#[derive(Clone, Debug)]
pub struct Ffmpeg {
    path: PathBuf,
}

/// At most 1080p, upright or not, and even sides, as H.264 needs.
const SCALE: &str = "scale='if(gte(iw,ih),min(1920,iw),min(1080,iw))':\
'if(gte(iw,ih),min(1080,ih),min(1920,ih))':\
force_original_aspect_ratio=decrease:force_divisible_by=2";

impl Ffmpeg {
    /// Finds `ffmpeg` in the folders of `PATH`.
    pub fn find() -> Option<Self> {
        let folders = std::env::var_os("PATH")?;
        let mut paths = std::env::split_paths(&folders).map(|folder| folder.join("ffmpeg"));
        let path = paths.find(|path| path.is_absolute() && path.is_file())?;
        Some(Self { path })
    }

    pub(super) async fn convert(
        &self,
        workers: &Workers,
        kind: Kind,
        input: &Path,
        output: &Path,
    ) -> Result<(), Failure> {
        let seconds = (VIDEO_DURATION_MAX.as_secs() + 1).to_string();
        let pictures = [
            "-map", "0:v:0", "-map", "0:a:0?", "-t", &seconds, "-vf", SCALE,
        ];
        let codecs = "-c:v libx264 -preset veryfast -crf 23 -pix_fmt yuv420p -profile:v high \
            -c:a aac -b:a 128k -ac 2 -map_metadata -1 -map_chapters -1 -movflags +faststart \
            -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -f mp4";
        let output_arguments = pictures.into_iter().chain(codecs.split_whitespace());
        self.run(workers, kind, input, output_arguments, output)
            .await
    }

    /// The first picture, as JPEG.
    pub(super) async fn poster(
        &self,
        workers: &Workers,
        input: &Path,
        output: &Path,
    ) -> Result<(), Failure> {
        let picture = "-map 0:v:0 -frames:v 1 -q:v 2 -f mjpeg".split_whitespace();
        self.run(workers, Kind::Mp4, input, picture, output).await
    }

    async fn run(
        &self,
        workers: &Workers,
        kind: Kind,
        input: &Path,
        output_arguments: impl Iterator<Item = &str>,
        output: &Path,
    ) -> Result<(), Failure> {
        let container = if kind == Kind::WebM {
            "matroska"
        } else {
            "mov"
        };
        let start = "-v error -nostdin -threads 2 -protocol_whitelist file";
        let mut arguments: Vec<String> = start.split_whitespace().map(str::to_owned).collect();
        arguments.extend(["-f", container, "-i"].map(str::to_owned));
        arguments.push(text(input)?);
        arguments.extend(output_arguments.map(str::to_owned));
        arguments.push(text(output)?);
        let folder = output.parent().unwrap_or(output).to_owned();
        let ended = workers.execute(&self.path, arguments, input, &folder).await;
        match ended {
            // It exits with an error for files that it cannot read.
            Err(Failure::Crashed(_)) => Err(Refusal::Damaged.into()),
            ended => ended,
        }
    }
}

/// A path that `ffmpeg` takes for a path: absolute, so never an option or an address.
fn text(path: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(path).map_err(Failure::Unavailable)?;
    let text = absolute.into_os_string().into_string();
    text.map_err(|path| {
        let text = format!("{} is not in UTF-8", PathBuf::from(path).display());
        Failure::Unavailable(std::io::Error::other(text))
    })
}
