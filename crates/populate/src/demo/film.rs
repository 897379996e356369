//! Short videos of drawn pictures. They need `ffmpeg`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use tokio::process::Command;
use tokio::time::timeout;

/// Time limit for a video. It takes about a second of one processor.
const DEADLINE: Duration = Duration::from_secs(60);

/// Arguments behind the picture: for eight seconds the camera moves from the bottom left corner to the top right one.
const CAMERA: &str = "-t 8 -vf crop=w=2*trunc(iw*0.4):h=2*trunc(ih*0.4):x=(iw-ow)*t/8:y=(ih-oh)*(1-t/8) \
-c:v libx264 -preset veryfast -pix_fmt yuv420p -threads 1 -an -movflags +faststart -y";

/// Makes a video of a picture, which is a file of any kind that `ffmpeg` decodes.
///
/// # Errors
/// `ffmpeg` cannot be started, has no encoder for H.264, or takes too long.
pub(super) async fn film(ffmpeg: &Path, picture: &[u8]) -> anyhow::Result<Bytes> {
    let folder = tempfile::tempdir().context("create a temporary folder")?;
    let (from, to) = (
        folder.path().join("picture"),
        folder.path().join("video.mp4"),
    );
    tokio::fs::write(&from, picture).await?;
    let mut command = Command::new(ffmpeg);
    command.args("-v error -nostdin -loop 1 -framerate 30 -f image2 -i".split(' '));
    command.arg(&from).args(CAMERA.split_whitespace()).arg(&to);
    // Ctrl-C in a terminal ends the demo, which then ends this program.
    let running = command.process_group(0).kill_on_drop(true).output();
    let output = timeout(DEADLINE, running).await;
    let output = output.context("ffmpeg takes too long")??;
    let why = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ffmpeg fails: {}", why.trim());
    Ok(tokio::fs::read(&to).await?.into())
}
