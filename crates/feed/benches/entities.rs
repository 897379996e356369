//! The cost of reading the entities of a text, per character, for ordinary and for hostile texts.
//!
//! `cargo bench --package sosik-feed --bench entities`. It measures processor time. The cost per character of a text of
//! 10,000 characters must be about the same as that of 1,000.

#![expect(clippy::print_stdout, reason = "prints its figures")]

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};
use sosik_feed::text::entities;

/// Enough characters for a twentieth of a second at 50 ns each.
const CHARACTERS: usize = 1_000_000;

const LENGTHS: [usize; 2] = [1_000, 10_000];

/// Names and the patterns that are repeated to the length.
const TEXTS: &[(&str, &str)] = &[
    ("Korean prose", "오늘은 날씨가 좋아서 산책을 했다. "),
    ("English prose", "The weather was good, so we went out. "),
    (
        "a story",
        "@mina 봐 https://namu.wiki/w/대한민국 #여행 그리고 또 가자 ",
    ),
    ("links", "https://a.example/x "),
    ("links without spaces", "https://a.example,"),
    ("schemes", "https://"),
    ("signs of mentions", "@"),
    ("signs of tags", "#"),
    ("handles of other systems", "@mina@"),
    ("words with dots", "a."),
    ("words of two scripts", "a가"),
    ("hosts without scheme", "www."),
    ("hosts without scheme and tags", "www.a.bc/#"),
    ("user information", "https://a:b@"),
    ("percent signs", "%"),
    ("open brackets", "https://a.example/("),
    ("joiners", "#a・"),
    ("marks", "#a\u{301}"),
    ("punycode", "https://xn--a"),
];

/// Texts of one address that starts once.
const ADDRESSES: &[(&str, &str, &str)] = &[
    ("one path of brackets", "https://a.example/", "("),
    ("one path of punctuation", "https://a.example/", "."),
    ("one path of Hangul", "https://a.example/", "가"),
    ("one path of percent signs", "https://a.example/", "%"),
    (
        "one path of encoded Hangul",
        "https://a.example/",
        "%EA%B0%80",
    ),
    ("one host", "https://", "a"),
    ("one host of labels", "https://", "가."),
    ("one user information", "https://", "a@"),
];

fn main() {
    for (name, pattern) in TEXTS {
        measure(name, "", pattern);
    }
    for (name, start, pattern) in ADDRESSES {
        measure(name, start, pattern);
    }
}

fn measure(name: &str, start: &str, pattern: &str) {
    let [short, long] = LENGTHS.map(|length| {
        let text: String = start
            .chars()
            .chain(pattern.chars().cycle())
            .take(length)
            .collect();
        picoseconds_per_character(&text, length)
    });
    let nanoseconds = |picoseconds| picoseconds / 1_000;
    println!(
        "{name}: {} and {} ns per character",
        nanoseconds(short),
        nanoseconds(long)
    );
}

fn picoseconds_per_character(text: &str, length: usize) -> u64 {
    let rounds = CHARACTERS / length;
    let begin = processor_time();
    for _ in 0..rounds {
        black_box(entities(black_box(text)));
    }
    (processor_time() - begin) * 1_000 / CHARACTERS as u64
}

fn processor_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
