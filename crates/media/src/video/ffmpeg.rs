//! `ffmpeg` as a child process with limits.
//!
//! The worker process gives up network, memory and files and then becomes `ffmpeg`. The container is named by its magic
//! bytes and not guessed, and only files may be opened, so a playlist that pretends to be a video leads nowhere.
//! Before the conversion, `ffprobe` in the same folder reads the duration and the transfer function. Without `ffprobe`
//! the conversion assumes the maximum duration and standard dynamic range.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use bytes::Bytes;
use serde::Deserialize;
use tokio::{io::AsyncReadExt, process::Command, time::timeout};

use crate::{
    Kind, Refusal,
    limits::{GLANCE_DEADLINE, PHOTO_BYTES_MAX, VIDEO_BYTES_MAX, VIDEO_DURATION_MAX},
    worker::{Execute, Failure, Workers},
};

use super::output::OutputFolder;

/// `ffmpeg` on this machine.
#[derive(Clone, Debug)]
pub struct Ffmpeg {
    path: PathBuf,
}

/// Where programs are if `PATH` is not set.
const FOLDERS: &str = "/usr/local/bin:/usr/bin:/bin";

/// Bytes of the answer to `-version` that are read. The version is in its first line.
const VERSION_BYTES_MAX: u64 = 1024;

/// Time limit for the answer to `-version`.
const VERSION_DEADLINE: Duration = Duration::from_secs(10);

/// At most 1080p, upright or not, and even sides, as H.264 needs.
const SCALE: &str = "scale='if(gte(iw,ih),min(1920,iw),min(1080,iw))':\
'if(gte(iw,ih),min(1080,ih),min(1920,ih))':\
force_original_aspect_ratio=decrease:force_divisible_by=2";

/// Filters that convert high dynamic range to standard dynamic range and the colours of BT.709. They need libzimg.
const TONE_MAPPING: &str = ",zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,\
tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv";

/// Transfer functions of high dynamic range: PQ and HLG.
const BRIGHT_TRANSFERS: [&str; 2] = ["smpte2084", "arib-std-b67"];

/// Arguments for a poster: the most representative of the first 30 frames, which is rarely black.
const POSTER: &str = "-map 0:v:0 -vf thumbnail=30 -frames:v 1 -q:v 2 -f mjpeg";

/// Bitrate of the audio stream, in kbit/s.
const SOUND_KBIT: u64 = 128;

/// Maximum bitrate of the video stream, in kbit/s: enough for 1080p, the largest size of a result.
const PICTURES_KBIT_MAX: u64 = 8_000;

/// The input of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    pub(super) kind: Kind,
    pub(super) file: &'a Path,
    /// The folder in which each run creates its own output folder.
    pub(super) work: &'a Path,
}

/// Metadata of an upload that the conversion depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Probed {
    duration: Option<Duration>,
    is_bright: bool,
}

/// The JSON of `ffprobe`.
#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    streams: Vec<ProbeStream>,
    #[serde(default)]
    format: ProbeFormat,
}

#[derive(Deserialize)]
struct ProbeStream {
    #[serde(default)]
    color_transfer: String,
}

#[derive(Default, Deserialize)]
struct ProbeFormat {
    #[serde(default)]
    duration: String,
}

impl Ffmpeg {
    /// Finds `ffmpeg` in the folders of `PATH`.
    pub fn find() -> Option<Self> {
        let folders = std::env::var_os("PATH").unwrap_or_else(|| FOLDERS.into());
        let mut paths = std::env::split_paths(&folders).map(|folder| folder.join("ffmpeg"));
        let path = paths.find(|path| path.is_absolute() && path.is_file())?;
        Some(Self { path })
    }

    /// The program at this path, or `None` if there is no file.
    pub fn at(path: &Path) -> Option<Self> {
        let path = std::path::absolute(path).ok()?;
        path.is_file().then_some(Self { path })
    }

    /// The path of the program.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The first line of its answer to `-version`, for the log.
    ///
    /// # Errors
    ///
    /// It cannot be started, or it does not answer in ten seconds.
    pub async fn version(&self) -> io::Result<String> {
        let mut command = Command::new(&self.path);
        command.arg("-version").env_clear().stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn()?;
        let mut answer = Vec::new();
        if let Some(output) = child.stdout.take() {
            let mut output = output.take(VERSION_BYTES_MAX);
            timeout(VERSION_DEADLINE, output.read_to_end(&mut answer)).await??;
        }
        let answer = String::from_utf8_lossy(&answer);
        Ok(answer.lines().next().unwrap_or_default().to_owned())
    }

    /// Converts an upload to H.264 and AAC. Metadata may remain.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLong`], [`Refusal::Damaged`], or the worker process failed.
    pub(super) async fn convert(
        &self,
        workers: &Workers,
        input: Input<'_>,
    ) -> Result<File, Failure> {
        let probed = self.probe(workers, input).await;
        if probed
            .duration
            .is_some_and(|found| found > VIDEO_DURATION_MAX)
        {
            let max_s = VIDEO_DURATION_MAX.as_secs();
            return Err(Refusal::TooLong { max_s }.into());
        }
        if probed.is_bright {
            let arguments = conversion(probed, TONE_MAPPING);
            let mapped = self.run(workers, input, arguments, VIDEO_BYTES_MAX).await;
            if !matches!(mapped, Err(Failure::Refused(_))) {
                return mapped;
            }
            // This `ffmpeg` may lack libzimg. A video with pale colours is better than none.
        }
        let arguments = conversion(probed, "");
        self.run(workers, input, arguments, VIDEO_BYTES_MAX).await
    }

    /// A picture from the first second, as JPEG.
    pub(super) async fn poster(
        &self,
        workers: &Workers,
        input: Input<'_>,
    ) -> Result<Bytes, Failure> {
        let run = self.run(workers, input, words(POSTER), PHOTO_BYTES_MAX);
        let picture = timeout(GLANCE_DEADLINE, run).await;
        let picture = picture.map_err(|_elapsed| Failure::Late)??;
        let mut bytes = Vec::new();
        // The size was checked when the file was opened, but may have changed since.
        let mut picture = tokio::fs::File::from_std(picture).take(PHOTO_BYTES_MAX);
        let read = picture.read_to_end(&mut bytes).await;
        read.map_err(Failure::Unavailable)?;
        Ok(bytes.into())
    }

    /// Reads the duration and the transfer function. After an error both are unknown, and the conversion reports the
    /// reason.
    async fn probe(&self, workers: &Workers, input: Input<'_>) -> Probed {
        let Ok(input_text) = text(input.file) else {
            return Probed::default();
        };
        let mut arguments = words("-v error -protocol_whitelist file -of json");
        arguments.extend(words("-select_streams v:0 -show_entries"));
        arguments.extend(words("stream=color_transfer:format=duration -f"));
        arguments.extend([container(input.kind).to_owned(), input_text]);
        let answer = workers.execute(Execute {
            program: self.path.with_file_name("ffprobe"),
            arguments,
            reads: input.file.to_owned(),
            writes: None,
            file_bytes_max: 0,
        });
        match timeout(GLANCE_DEADLINE, answer).await {
            Ok(Ok(answer)) => Probed::of(&answer),
            Ok(Err(_)) | Err(_) => Probed::default(),
        }
    }

    /// Runs `ffmpeg` with its own output folder, and opens the result.
    async fn run(
        &self,
        workers: &Workers,
        input: Input<'_>,
        output_arguments: Vec<String>,
        bytes_max: u64,
    ) -> Result<File, Failure> {
        let output = OutputFolder::make_in(input.work)?;
        let mut arguments = words("-v error -nostdin -threads 2 -filter_threads 2");
        arguments.extend(words("-protocol_whitelist file -f"));
        arguments.extend([container(input.kind).to_owned(), "-i".to_owned()]);
        arguments.push(text(input.file)?);
        arguments.extend(output_arguments);
        arguments.push(text(&output.result())?);
        let ended = workers.execute(Execute {
            program: self.path.clone(),
            arguments,
            reads: input.file.to_owned(),
            writes: Some(output.path().to_owned()),
            file_bytes_max: bytes_max,
        });
        match ended.await {
            Ok(_answer) => output.take(bytes_max).await,
            // `ffmpeg` exits with an error if it cannot read the file.
            Err(Failure::Crashed(_)) => Err(Refusal::Damaged.into()),
            Err(failure) => Err(failure),
        }
    }
}

impl Probed {
    /// Parses the answer of `ffprobe`. Unexpected values count as missing.
    fn of(answer: &[u8]) -> Self {
        let Ok(probe) = serde_json::from_slice::<Probe>(answer) else {
            return Self::default();
        };
        let seconds = probe.format.duration.parse().ok();
        let stream = probe.streams.first();
        Self {
            duration: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            is_bright: stream
                .is_some_and(|one| BRIGHT_TRANSFERS.contains(&one.color_transfer.as_str())),
        }
    }

    /// Maximum bitrate of the video stream in kbit/s, so that the result has at most [`VIDEO_BYTES_MAX`].
    fn pictures_kbit_max(self) -> u64 {
        let seconds = self.duration.unwrap_or(VIDEO_DURATION_MAX).as_secs() + 1;
        // 5 % are reserved for the index and because the encoder may exceed the limit.
        let kbit = VIDEO_BYTES_MAX / 1000 * 8 * 95 / 100;
        (kbit / seconds)
            .saturating_sub(SOUND_KBIT)
            .min(PICTURES_KBIT_MAX)
    }
}

/// Arguments of a conversion. It converts one second more than allowed, so that the check of the result rejects a video
/// that is too long.
fn conversion(probed: Probed, further_filter: &str) -> Vec<String> {
    let seconds = VIDEO_DURATION_MAX.as_secs() + 1;
    let kbit = probed.pictures_kbit_max();
    let mut arguments = words(&format!("-map 0:v:0 -map 0:a:0? -t {seconds} -vf"));
    arguments.push(format!("{SCALE}{further_filter},format=yuv420p"));
    let pictures = format!(
        "-c:v libx264 -preset veryfast -crf 23 -maxrate {kbit}k -bufsize {}k -profile:v high -fpsmax 60 -threads 2",
        2 * kbit
    );
    arguments.extend(words(&pictures));
    arguments.extend(words(&format!("-c:a aac -b:a {SOUND_KBIT}k -ac 2")));
    arguments.extend(words("-map_metadata -1 -map_chapters -1 -fflags +bitexact"));
    arguments.extend(words("-flags:v +bitexact -flags:a +bitexact -f mp4"));
    arguments
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn container(kind: Kind) -> &'static str {
    if kind == Kind::WebM {
        "matroska"
    } else {
        "mov"
    }
}

/// A path as an argument: absolute, so that `ffmpeg` never reads it as an option or a URL.
fn text(path: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(path).map_err(Failure::Unavailable)?;
    let text = absolute.into_os_string().into_string();
    text.map_err(|path| {
        let text = format!("{} is not in UTF-8", PathBuf::from(path).display());
        Failure::Unavailable(io::Error::other(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probed(answer: &str) -> Probed {
        Probed::of(answer.as_bytes())
    }

    #[test]
    fn the_answer_of_ffprobe_is_read_and_anything_else_is_nothing() {
        let bright =
            r#"{"streams":[{"color_transfer":"arib-std-b67"}],"format":{"duration":"2.5"}}"#;
        let wanted = Probed {
            duration: Some(Duration::from_millis(2500)),
            is_bright: true,
        };
        assert_eq!(probed(bright), wanted);
        let ordinary = r#"{"streams":[{}],"format":{"duration":"-1"}}"#;
        for nothing in [
            ordinary,
            "",
            "{}",
            "[1]",
            r#"{"format":{"duration":"nan"}}"#,
        ] {
            assert_eq!(probed(nothing), Probed::default(), "{nothing}");
        }
    }

    #[test]
    fn the_longest_video_fits_into_the_bytes_of_a_video() {
        let of = |duration| Probed {
            duration,
            is_bright: false,
        };
        let kbit = |seconds| of(Some(Duration::from_secs(seconds))).pictures_kbit_max();
        assert_eq!(kbit(10), PICTURES_KBIT_MAX);
        assert_eq!(kbit(600), of(None).pictures_kbit_max());
        let bytes = (kbit(600) + SOUND_KBIT) * 600 / 8 * 1000;
        assert!((180_000_000..VIDEO_BYTES_MAX).contains(&bytes), "{bytes}");
    }
}
