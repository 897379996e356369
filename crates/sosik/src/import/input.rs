//! Files, plain or compressed, as numbered lines.
//!
//! Whether a file is compressed is seen in its first bytes and not in its name: names lie, and standard input has none.
//! Lines are read one after the other into one buffer of bounded size, so a file may be as long as it likes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Context;
use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use crate::progress;

/// Longest line, in bytes: the longest story with every character escaped takes a quarter of this.
const LINE_BYTES_MAX: usize = 256 * 1024;
/// One read of the file: large enough that the system is asked rarely.
const READ_BYTES: usize = 128 * 1024;
/// What a file compressed by gzip starts with (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file or standard input, line by line.
pub struct Input {
    /// How messages call it.
    pub name: String,
    /// How far it is.
    pub bar: ProgressBar,
    reader: Box<dyn BufRead + Send>,
    line: u64,
    buffer: Vec<u8>,
}

/// A line that says something, and what was made of it; or why nothing could be.
#[derive(Debug)]
pub struct Line<T> {
    /// Counted from one.
    pub number: u64,
    /// What it says.
    pub says: Result<T, String>,
}

impl Input {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(path: &Path, doing: &'static str) -> anyhow::Result<Self> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let unreadable = || format!("read {name}");
        let (bar, raw): (_, Box<dyn Read + Send>) = if is_stdin {
            let bar = progress::spinner(doing);
            (bar.clone(), Box::new(bar.wrap_read(io::stdin())))
        } else {
            let file = File::open(path).with_context(unreadable)?;
            let bar = progress::bar(doing, file.metadata().with_context(unreadable)?.len());
            (bar.clone(), Box::new(bar.wrap_read(file)))
        };
        let mut raw = BufReader::with_capacity(READ_BYTES, raw);
        let is_gzip = raw
            .fill_buf()
            .with_context(unreadable)?
            .starts_with(&GZIP_MAGIC);
        let reader: Box<dyn BufRead + Send> = if is_gzip {
            Box::new(BufReader::with_capacity(
                READ_BYTES,
                MultiGzDecoder::new(raw),
            ))
        } else {
            Box::new(raw)
        };
        Ok(Self {
            name,
            bar,
            reader,
            line: 0,
            buffer: Vec::new(),
        })
    }

    /// The next lines, at most `count`; none at the end. Blank lines and comments (`#`) are skipped.
    ///
    /// # Errors
    /// When the file cannot be read on, or is not what its first bytes promise.
    pub fn lines<T>(
        &mut self,
        count: usize,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<Vec<Line<T>>> {
        // Reading blocks; the other tasks go on elsewhere meanwhile.
        tokio::task::block_in_place(|| {
            let mut lines = Vec::with_capacity(count);
            while lines.len() < count {
                let unreadable = || format!("read {} behind line {}", self.name, self.line);
                let Some(fits) =
                    read_line(&mut *self.reader, &mut self.buffer).with_context(unreadable)?
                else {
                    break;
                };
                self.line += 1;
                let says = match std::str::from_utf8(&self.buffer) {
                    _ if !fits => Err(format!(
                        "the line is longer than {} KiB",
                        LINE_BYTES_MAX / 1024
                    )),
                    Err(_) => Err("the line is not UTF-8".to_owned()),
                    Ok(text) if text.trim().is_empty() || text.starts_with('#') => continue,
                    Ok(text) => parse(text.trim()),
                };
                lines.push(Line {
                    number: self.line,
                    says,
                });
            }
            Ok(lines)
        })
    }
}

/// Reads up to the next line break; `None` at the end. `false` when the line was too long: its start is in the buffer,
/// its rest has been skipped.
fn read_line(reader: &mut dyn BufRead, buffer: &mut Vec<u8>) -> io::Result<Option<bool>> {
    buffer.clear();
    if reader
        .take(LINE_BYTES_MAX as u64)
        .read_until(b'\n', buffer)?
        == 0
    {
        return Ok(None);
    }
    if buffer.len() < LINE_BYTES_MAX || buffer.ends_with(b"\n") {
        return Ok(Some(true));
    }
    reader.skip_until(b'\n')?;
    Ok(Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_lines(text: &[u8], expected: &[(bool, &str)]) {
        let (mut reader, mut buffer) = (text, Vec::new());
        for (fits, line) in expected {
            assert_eq!(read_line(&mut reader, &mut buffer).unwrap(), Some(*fits));
            assert!(
                buffer == line.as_bytes(),
                "a line of {} bytes",
                buffer.len()
            );
        }
        assert_eq!(read_line(&mut reader, &mut buffer).unwrap(), None);
    }

    #[test]
    fn lines_end_at_breaks_and_at_the_end() {
        check_lines(b"", &[]);
        check_lines(b"a\n\nb", &[(true, "a\n"), (true, "\n"), (true, "b")]);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_the_next_one_is_whole() {
        let long = "x".repeat(LINE_BYTES_MAX);
        let just = format!("{}\n", &long[1..]);
        let text = format!("{just}{long}yyy\nnext\n");
        check_lines(
            text.as_bytes(),
            &[(true, &just), (false, &long), (true, "next\n")],
        );
    }
}
