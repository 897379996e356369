//! Videos: what plays everywhere is copied without metadata, other files are converted or refused with a reason.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::{
    io::{Cursor, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use common::mp4::{Mp4, SAMPLES};
use proptest::prelude::*;
use sosik_media::{
    Kind, Refusal,
    photo::Purpose,
    video::{Facts, Ffmpeg, Video, Videos, remux},
    worker::{Failure, Input, Program, Settings, Workers},
};

const SECRET: &[u8] = b"+37.5665+126.9780/ secret";

fn workers() -> Arc<Workers> {
    let program = Program {
        path: PathBuf::from(env!("CARGO_BIN_EXE_sosik-media-worker")),
        arguments: Vec::new(),
        environment: Vec::new(),
    };
    Arc::new(Workers::new(program, Settings::video()))
}

async fn prepare(file: &[u8], ffmpeg: Option<Ffmpeg>) -> Result<(Video, Vec<u8>), Failure> {
    let folder = tempfile::tempdir().unwrap();
    let upload = folder.path().join("upload");
    std::fs::write(&upload, file).unwrap();
    let results = folder.path().join("results");
    std::fs::create_dir(&results).unwrap();
    let video = Videos::new(workers(), ffmpeg)
        .prepare(&upload, &results)
        .await?;
    let bytes = std::fs::read(&video.file).unwrap();
    Ok((video, bytes))
}

async fn refusal(file: &[u8]) -> Refusal {
    match prepare(file, None).await {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn copied(file: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    remux(Cursor::new(file), &mut output).unwrap();
    output
}

fn contains(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}

/// The samples as the index of a file tells.
fn samples(file: &[u8]) -> Vec<Vec<u8>> {
    let mp4 = re_mp4::Mp4::read_bytes(file).unwrap();
    let track = mp4.tracks().values().next().unwrap();
    let bytes = |sample: &re_mp4::Sample| file[sample.byte_range()].to_vec();
    track.samples.iter().map(bytes).collect()
}

fn position(file: &[u8], name: &[u8]) -> usize {
    file.windows(4).position(|window| window == name).unwrap()
}

#[tokio::test]
async fn a_playable_video_is_copied() {
    let (video, bytes) = prepare(&Mp4::default().file(), None).await.unwrap();
    let wanted = Facts {
        width: 640,
        height: 360,
        duration: Duration::from_secs(3),
        sound: false,
    };
    assert_eq!(video.facts, wanted);
    assert_eq!(video.poster, None);
    assert_eq!(samples(&bytes), SAMPLES);
    assert_eq!(Kind::sniff(&bytes), Some(Kind::Mp4));
}

#[tokio::test]
async fn a_turned_video_has_the_size_that_is_shown() {
    let turned = Mp4 {
        turned: true,
        ..Mp4::default()
    };
    let (video, _) = prepare(&turned.file(), None).await.unwrap();
    assert_eq!((video.facts.width, video.facts.height), (360, 640));
}

#[test]
fn a_copy_has_its_index_first_and_the_same_samples() {
    for index_first in [true, false] {
        let file = Mp4 {
            index_first,
            ..Mp4::default()
        }
        .file();
        let copy = copied(&file);
        assert!(position(&copy, b"moov") < position(&copy, b"mdat"));
        assert_eq!(samples(&copy), SAMPLES);
        assert_eq!(copied(&copy), copy, "a copy of a copy is the same");
    }
}

#[test]
fn a_copy_has_no_metadata() {
    let file = Mp4 {
        secret: SECRET,
        ..Mp4::default()
    }
    .file();
    assert!(file.windows(6).filter(|part| *part == b"secret").count() >= 7);
    let copy = copied(&file);
    assert!(!contains(&copy, b"secret"));
    for name in [&b"udta"[..], b"uuid", b"\xA9xyz"] {
        assert!(contains(&file, name) && !contains(&copy, name), "{name:?}");
    }
    let time = 3_800_000_000_u32.to_be_bytes();
    assert!(contains(&file, &time) && !contains(&copy, &time));
    assert_eq!(samples(&copy), SAMPLES);
}

#[tokio::test]
async fn what_does_not_play_everywhere_is_refused_with_the_reason() {
    let good = Mp4::default();
    let cases = [
        (
            Mp4 {
                profile: 110,
                ..good
            },
            "a profile of H.264 that phones do not decode",
        ),
        (
            Mp4 {
                profile: 244,
                ..good
            },
            "a profile of H.264 that phones do not decode",
        ),
        (
            Mp4 {
                width: 3840,
                height: 2160,
                ..good
            },
            "it has more than 1920 × 1080 pixels",
        ),
        (
            Mp4 {
                width: 1920,
                height: 1200,
                ..good
            },
            "it has more than 1920 × 1080 pixels",
        ),
        (
            Mp4 {
                codec: b"dvav",
                ..good
            },
            "codec dvav",
        ),
    ];
    for (video, reason) in cases {
        let wanted = Refusal::NotPlayable(reason.to_owned());
        assert_eq!(refusal(&video.file()).await, wanted, "{reason}");
    }
    let long = Mp4 {
        seconds: 201,
        ..good
    };
    assert_eq!(refusal(&long.file()).await, Refusal::TooLong { max_s: 600 });
    assert!(
        prepare(
            &Mp4 {
                seconds: 200,
                ..good
            }
            .file(),
            None
        )
        .await
        .is_ok()
    );
    assert!(
        prepare(
            &Mp4 {
                width: 1080,
                height: 1920,
                ..good
            }
            .file(),
            None
        )
        .await
        .is_ok()
    );
}

#[tokio::test]
async fn other_files_are_refused() {
    let mov = b"\0\0\0\x14ftypqt  \0\0\0\0qt  ".to_vec();
    assert_eq!(refusal(&mov).await, Refusal::NotPlayable("MOV".to_owned()));
    let webm = b"\x1A\x45\xDF\xA3\x9F\x42\x82\x84webm".to_vec();
    assert_eq!(
        refusal(&webm).await,
        Refusal::NotPlayable("WebM".to_owned())
    );
    assert_eq!(refusal(b"").await, Refusal::Empty);
    assert_eq!(refusal(b"hello").await, Refusal::Unknown);
    assert_eq!(refusal(b"GIF89a").await, Refusal::WrongKind(Kind::Gif));
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let upload = folder.path().join("upload");
    let mut file = std::fs::File::create(&upload).unwrap();
    file.write_all(&Mp4::default().file()).unwrap();
    file.set_len(200_000_001).unwrap(); // no blocks on disk
    let outcome = Videos::new(workers(), None)
        .prepare(&upload, folder.path())
        .await;
    let refused = matches!(
        outcome,
        Err(Failure::Refused(Refusal::TooManyBytes { max: 200_000_000 }))
    );
    assert!(refused, "{outcome:?}");
}

#[tokio::test]
async fn a_video_with_samples_outside_of_the_file_is_damaged() {
    let file = Mp4 {
        index_first: true,
        ..Mp4::default()
    }
    .file();
    let mut outside = file.clone();
    let place = position(&file, b"stco") + 12;
    outside[place] = 0x7F;
    assert_eq!(refusal(&outside).await, Refusal::Damaged);
    assert!(remux(Cursor::new(outside), Vec::new()).is_err());
    assert_eq!(refusal(&file[..file.len() - 1]).await, Refusal::Damaged);
}

/// A file whose index ends with this many empty boxes.
fn with_boxes(count: usize) -> Vec<u8> {
    let mut file = Mp4::default().file();
    let index = position(&file, b"moov") - 4;
    let added = b"\0\0\0\x08free".repeat(count);
    let bytes = u32::try_from(file.len() - index + added.len()).unwrap();
    file[index..index + 4].copy_from_slice(&bytes.to_be_bytes());
    file.extend(added);
    file
}

#[tokio::test]
async fn an_index_of_too_many_boxes_is_damaged() {
    prepare(&with_boxes(4_000), None).await.unwrap();
    assert_eq!(refusal(&with_boxes(4_097)).await, Refusal::Damaged);
}

#[tokio::test]
async fn a_video_in_fragments_is_refused_with_the_reason() {
    let fragment = b"\0\0\0\x08moof".to_vec();
    let file = [Mp4::default().file(), fragment].concat();
    let wanted = Refusal::NotPlayable("it is made of fragments".to_owned());
    assert_eq!(refusal(&file).await, wanted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_damaged_video_is_copied_or_refused_without_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = Mp4 { secret: SECRET, ..Mp4::default() }.file();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        file.truncate(cut.index(file.len()) + 1);
        let mut output = Vec::new();
        let _ = remux(Cursor::new(file), &mut output);
        prop_assert!(output.len() < 10_000);
    }
}

#[tokio::test]
async fn real_videos_get_an_answer() {
    for path in common::real_files("video") {
        for ffmpeg in [None, Some(ffmpeg())] {
            let outcome = prepare(&std::fs::read(&path).unwrap(), ffmpeg).await;
            match outcome {
                Ok((_, bytes)) => assert!(!contains(&bytes, b"udta"), "{}", path.display()),
                Err(Failure::Refused(_)) => {}
                Err(failure) => panic!("{}: {failure}", path.display()),
            }
        }
    }
}

fn ffmpeg() -> Ffmpeg {
    Ffmpeg::find().expect("install ffmpeg")
}

/// A video made by `ffmpeg`: a moving test picture and a tone.
fn made(folder: &Path, name: &str, size: &str, arguments: &str) -> Vec<u8> {
    let file = folder.join(name);
    let picture = format!("testsrc=size={size}:rate=10:duration=2");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &picture])
        .args(["-f", "lavfi", "-i", "sine=duration=2"])
        .args([
            "-metadata",
            "location=+37.5665+126.9780/",
            "-metadata",
            "comment=secret",
        ])
        .args(arguments.split_whitespace())
        .arg(&file)
        .status();
    assert!(made.unwrap().success());
    std::fs::read(file).unwrap()
}

#[tokio::test]
async fn ffmpeg_makes_other_videos_playable() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("a.webm", "640x360", "-c:v libvpx -c:a libopus", (640, 360)),
        ("b.mov", "642x360", "-c:v mpeg4 -c:a pcm_s16le", (642, 360)),
        (
            "c.mp4",
            "2560x1440",
            "-c:v libx264 -preset ultrafast -c:a aac",
            (1920, 1080),
        ),
        (
            "d.mp4",
            "400x300",
            "-c:v libx265 -preset ultrafast -c:a aac",
            (400, 300),
        ),
        (
            "e.mp4",
            "1000x3000",
            "-c:v libx264 -preset ultrafast -an",
            (640, 1920),
        ),
    ];
    for (name, size, arguments, shown) in cases {
        let upload = made(folder.path(), name, size, arguments);
        let (video, bytes) = prepare(&upload, Some(ffmpeg())).await.unwrap();
        let facts = video.facts;
        assert_eq!((facts.width, facts.height), shown, "{name}");
        assert!(
            facts.duration.abs_diff(Duration::from_secs(2)) < Duration::from_millis(300),
            "{name}: {facts:?}"
        );
        assert_eq!(facts.sound, name != "e.mp4", "{name}");
        assert!(
            !contains(&bytes, b"secret") && !contains(&bytes, b"37.5665"),
            "{name}"
        );
        assert!(
            position(&bytes, b"moov") < position(&bytes, b"mdat"),
            "{name}"
        );

        let poster = Input::Bytes(video.poster.unwrap());
        let poster = workers().photo(poster, Purpose::Story).await.unwrap();
        assert!(poster.renditions[0].width > 100, "{name}");
    }
}

#[tokio::test]
async fn a_copied_video_plays_like_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = "-c:v libx264 -pix_fmt yuv420p -c:a aac";
    let upload = made(folder.path(), "a.mp4", "640x360", arguments);
    let (video, bytes) = prepare(&upload, Some(ffmpeg())).await.unwrap();
    assert!(video.poster.is_some());
    assert!(contains(&upload, b"secret") && !contains(&bytes, b"secret"));
    let copy = folder.path().join("copy.mp4");
    std::fs::write(&copy, bytes).unwrap();
    assert_eq!(frames(&folder.path().join("a.mp4")), frames(&copy));
}

/// Digests of all decoded pictures and sounds.
fn frames(file: &Path) -> String {
    let decoded = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args(["-f", "framemd5", "-"])
        .output()
        .unwrap();
    assert!(
        decoded.status.success() && decoded.stderr.is_empty(),
        "{decoded:?}"
    );
    String::from_utf8(decoded.stdout).unwrap()
}

#[tokio::test]
async fn a_playlist_that_pretends_to_be_a_video_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "private").unwrap();
    let playlist = format!(
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile://{}\n",
        secret.display()
    );
    let starts: [&[u8]; 2] = [
        b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
        b"\x1A\x45\xDF\xA3\x9F\x42\x82\x84webm\n",
    ];
    for start in starts {
        let file = [start, playlist.as_bytes()].concat();
        let outcome = prepare(&file, Some(ffmpeg())).await;
        assert!(matches!(outcome, Err(Failure::Refused(_))), "{outcome:?}");
    }
}

/// The properties of the video stream that `ffprobe` reads, as lines of `key=value`.
fn probed(file: &[u8], entries: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video.mp4");
    std::fs::write(&path, file).unwrap();
    let probe = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-of",
            "default=nw=1",
        ])
        .args(["-show_entries", entries])
        .arg(&path)
        .output();
    String::from_utf8(probe.unwrap().stdout).unwrap()
}

#[tokio::test]
async fn a_video_of_high_dynamic_range_gets_ordinary_colours() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = "-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -c:a aac -x265-params \
        log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc";
    let upload = made(folder.path(), "a.mov", "320x180", arguments);
    let entries = "stream=codec_name,pix_fmt,color_transfer,color_primaries";
    assert!(probed(&upload, entries).contains("color_transfer=smpte2084"));
    let (video, bytes) = prepare(&upload, Some(ffmpeg())).await.unwrap();
    assert!(video.poster.is_some());
    let found = probed(&bytes, entries);
    let wanted = [
        "codec_name=h264",
        "pix_fmt=yuv420p",
        "color_transfer=bt709",
        "color_primaries=bt709",
    ];
    for wanted in wanted {
        assert!(found.lines().any(|line| line == wanted), "{found}");
    }
}

#[tokio::test]
async fn a_turned_phone_video_stands_upright_with_its_poster() {
    let folder = tempfile::tempdir().unwrap();
    let codecs = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac";
    made(folder.path(), "flat.mp4", "640x360", codecs);
    for (name, copied) in [("turned.mp4", true), ("turned.mov", false)] {
        let turned = folder.path().join(name);
        let done = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(folder.path().join("flat.mp4"))
            .args(["-c", "copy", "-metadata:s:v:0", "rotate=90"])
            .arg(&turned)
            .status();
        assert!(done.unwrap().success());
        let upload = std::fs::read(turned).unwrap();
        let (video, bytes) = prepare(&upload, Some(ffmpeg())).await.unwrap();
        let facts = video.facts;
        assert_eq!((facts.width, facts.height), (360, 640), "{name}");
        let stored = probed(&bytes, "stream=width");
        assert_eq!(stored.trim() == "width=640", copied, "{name}: {stored}");
        let poster = Input::Bytes(video.poster.unwrap());
        let poster = workers().photo(poster, Purpose::Story).await.unwrap();
        let size = &poster.renditions[0];
        assert!(size.width < size.height, "{name}");
    }
}

/// The boxes of a file, each with its path, by a parser of the test.
fn boxes(file: &[u8], path: &str, found: &mut Vec<String>) {
    let holders = [
        "moov", "trak", "mdia", "minf", "stbl", "edts", "udta", "dinf",
    ];
    let mut rest = file;
    while rest.len() >= 8 {
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
        };
        let (header, size) = match number(&rest[..4]) {
            1 => (16, number(&rest[8..16])),
            size => (8, size),
        };
        let name: String = rest[4..8].iter().map(|byte| char::from(*byte)).collect();
        let inside = format!("{path}/{name}");
        if holders.contains(&name.as_str()) {
            boxes(&rest[header..size], &inside, found);
        }
        if name == "free" {
            assert!(rest[header..size].iter().all(|byte| *byte == 0), "{inside}");
        }
        found.push(inside);
        rest = &rest[size..];
    }
    assert!(rest.is_empty(), "{path}");
}

#[tokio::test]
async fn no_box_of_a_prepared_video_holds_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("a.mov", "-c:v mpeg4 -c:a pcm_s16le"),
        ("a.mp4", "-c:v libx264 -pix_fmt yuv420p -c:a aac"),
    ];
    for (name, codecs) in cases {
        let upload = made(folder.path(), name, "320x180", codecs);
        let mut before = Vec::new();
        boxes(&upload, "", &mut before);
        assert!(
            before.iter().any(|one| one.starts_with("/moov/udta")),
            "{name}"
        );
        let (_, bytes) = prepare(&upload, Some(ffmpeg())).await.unwrap();
        let mut after = Vec::new();
        boxes(&bytes, "", &mut after);
        assert_eq!(after[0], "/ftyp", "{name}");
        let personal =
            |one: &&String| one.contains("udta") || one.contains("meta") || one.contains("uuid");
        assert_eq!(after.iter().find(personal), None, "{name}: {after:?}");
        assert!(!contains(&bytes, b"37.5665") && !contains(&bytes, b"secret"));
    }
}

#[tokio::test]
async fn the_result_is_bounded_and_nothing_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let upload = folder.path().join("a.webm");
    made(folder.path(), "a.webm", "2560x1440", "-c:v libvpx -an");
    let results = folder.path().join("results");
    std::fs::create_dir(&results).unwrap();
    let videos = Videos::new(workers(), Some(ffmpeg()));
    let video = videos.prepare(&upload, &results).await.unwrap();
    let facts = video.facts;
    assert_eq!((facts.width, facts.height), (1920, 1080));
    // 8 Mbit of pictures and 128 kbit of sound in each second, and twice as much in the first moment.
    let most = (8_000_000 + 128_000) / 8 * (facts.duration.as_secs() + 2);
    let bytes = std::fs::metadata(&video.file).unwrap().len();
    assert!(bytes <= most, "{bytes} bytes are more than {most}");
    assert!(video.poster.unwrap().len() < 1_000_000);
    let mut names: Vec<_> = std::fs::read_dir(&results)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["video.mp4"]);
}

#[tokio::test]
async fn ffmpeg_tells_its_version() {
    let version = ffmpeg().version().await.unwrap();
    assert!(version.starts_with("ffmpeg version"), "{version}");
    assert!(Ffmpeg::at(Path::new("/nowhere/ffmpeg")).is_none());
}
