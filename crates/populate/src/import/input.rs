//! Reads plain or compressed files as numbered lines.
//!
//! Compression is detected by the first bytes, not by the file name: file names can be wrong, and standard input has
//! none.
//! Lines are read into one buffer of bounded size, so the file may have any size.
//!
//! A compressed file is decompressed twice. Its checksum is at the end; until there, a damaged file yields lines that
//! look valid. So the checksum is verified before the first line is used. Standard input cannot be read twice, so
//! compressed input from there is first copied to a temporary file.

use std::env::temp_dir;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

use anyhow::Context;
use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use crate::Watch;

/// Maximum length of a line in bytes. The longest story with every character escaped needs a quarter of this.
const LINE_BYTES_MAX: usize = 256 * 1024;
/// Bytes per read. Large, so that there are few system calls.
const READ_BYTES: usize = 128 * 1024;
/// First bytes of a gzip file (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A file or standard input, read line by line.
pub struct Input {
    /// The name used in messages.
    pub name: String,
    /// Shows the progress.
    pub bar: ProgressBar,
    reader: Box<dyn BufRead + Send>,
    line: u64,
    buffer: Vec<u8>,
}

/// A line with content: the parsed value, or the reason why it could not be parsed.
#[derive(Debug)]
pub struct Line<T> {
    /// Line number, starting at 1.
    pub number: u64,
    /// The parsed value or the reason.
    pub says: Result<T, String>,
}

impl Input {
    /// Opens a file; `-` is standard input. A compressed file is verified to its end.
    ///
    /// # Errors
    /// When the file cannot be read or is compressed and damaged.
    pub fn open(path: &Path, doing: &'static str, watch: Watch) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Self::stream("standard input".to_owned(), io::stdin(), doing, watch);
        }
        let name = path.display().to_string();
        let unreadable = || {
            format!(
                "read {name}: check that the file exists and that you have permission to read it"
            )
        };
        let file = File::open(path).with_context(unreadable)?;
        if file.metadata().with_context(unreadable)?.is_file() {
            Self::file(name, file, doing, watch)
        } else {
            Self::stream(name, file, doing, watch)
        }
    }

    /// Opens an input that can be read only once: standard input or a named pipe.
    fn stream(
        name: String,
        mut stream: impl Read + Send + 'static,
        doing: &'static str,
        watch: Watch,
    ) -> anyhow::Result<Self> {
        let head = head(&mut stream).with_context(|| format!("read {name}"))?;
        let is_gzip = head == GZIP_MAGIC;
        let mut whole = Cursor::new(head).chain(stream);
        if is_gzip {
            let copy = copied(&mut whole).with_context(|| {
                format!(
                    "copy {name} to a temporary file in {}: set TMPDIR to a folder with more space, or decompress the input first",
                    temp_dir().display()
                )
            })?;
            return Self::file(name, copy, doing, watch);
        }
        let bar = (watch.spinner)(doing);
        let reader = BufReader::with_capacity(READ_BYTES, bar.wrap_read(whole));
        Ok(Self::new(name, bar, Box::new(reader)))
    }

    fn file(
        name: String,
        mut file: File,
        doing: &'static str,
        watch: Watch,
    ) -> anyhow::Result<Self> {
        let unreadable = || format!("read {name}");
        let is_gzip = head(&mut file).with_context(unreadable)? == GZIP_MAGIC;
        file.rewind().with_context(unreadable)?;
        if is_gzip {
            check_gzip(&file).with_context(|| {
                format!("{name} is damaged and nothing was imported from it: download it again and check it with `gzip --test`")
            })?;
            file.rewind().with_context(unreadable)?;
        }
        let bytes = file.metadata().with_context(unreadable)?.len();
        let bar = (watch.bar)(doing, bytes);
        let raw = BufReader::with_capacity(READ_BYTES, bar.wrap_read(file));
        let reader: Box<dyn BufRead + Send> = if is_gzip {
            let plain = MultiGzDecoder::new(raw);
            Box::new(BufReader::with_capacity(READ_BYTES, plain))
        } else {
            Box::new(raw)
        };
        Ok(Self::new(name, bar, reader))
    }

    fn new(name: String, bar: ProgressBar, reader: Box<dyn BufRead + Send>) -> Self {
        Self {
            name,
            bar,
            reader,
            line: 0,
            buffer: Vec::new(),
        }
    }

    /// Reads at most `count` lines; none at the end. Blank lines and comments (`#`) are skipped.
    ///
    /// # Errors
    /// When the file cannot be read further or its compressed data is invalid.
    pub fn lines<T>(
        &mut self,
        count: usize,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<Vec<Line<T>>> {
        // Reading blocks this thread; the runtime moves its other tasks to another one.
        tokio::task::block_in_place(|| {
            let mut lines = Vec::with_capacity(count);
            while lines.len() < count {
                let unreadable = || format!("read {} after line {}", self.name, self.line);
                let Some(fits) =
                    read_line(&mut *self.reader, &mut self.buffer).with_context(unreadable)?
                else {
                    break;
                };
                self.line += 1;
                let says = match std::str::from_utf8(without_mark(self.line, &self.buffer)) {
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

/// Removes the byte order mark that some programs write at the start of a file.
fn without_mark(line: u64, bytes: &[u8]) -> &[u8] {
    match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) if line == 1 => rest,
        _ => bytes,
    }
}

/// Reads the first bytes, which show whether the input is compressed.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(GZIP_MAGIC.len());
    let count = GZIP_MAGIC.len() as u64;
    reader.take(count).read_to_end(&mut head)?;
    Ok(head)
}

/// Copies the input to a file without a name, which is deleted when the process ends.
fn copied(reader: &mut impl Read) -> io::Result<File> {
    let mut copy = tempfile::tempfile()?;
    io::copy(reader, &mut copy)?;
    copy.rewind()?;
    Ok(copy)
}

/// Decompresses the whole file, which verifies its checksums.
fn check_gzip(file: &File) -> io::Result<()> {
    let raw = BufReader::with_capacity(READ_BYTES, file);
    io::copy(&mut MultiGzDecoder::new(raw), &mut io::sink()).map(drop)
}

/// Reads up to the next line break; `None` at the end. `false` if the line was too long: the buffer then contains its
/// start, and the rest is skipped.
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
    fn a_byte_order_mark_is_skipped_at_the_start_of_a_file_only() {
        let line = "\u{feff}mina\n".as_bytes();
        assert_eq!(without_mark(1, line), b"mina\n");
        assert_eq!(without_mark(2, line), line);
        assert_eq!(without_mark(1, b"mina"), b"mina");
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
