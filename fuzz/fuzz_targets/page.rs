//! The parser of pages for link previews. The first byte selects what the server said about the charset.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sosik_media::preview::parse;
use url::Url;

/// What servers say, and nothing.
const CHARSETS: [Option<&str>; 6] = [
    None,
    Some("utf-8"),
    Some("euc-kr"),
    Some("shift_jis"),
    Some("utf-16le"),
    Some("no-such-charset"),
];

static ADDRESS: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://news.example/a/page?b=c").expect("an address"));

fuzz_target!(|input: &[u8]| {
    let Some((choice, page)) = input.split_first() else {
        return;
    };
    let charset = CHARSETS[usize::from(*choice) % CHARSETS.len()];
    let _page = parse(page, charset, &ADDRESS);
});
