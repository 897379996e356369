//! The kind of a file, from its first bytes. It must not panic, and nothing behind the head may change it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sosik_media::{Kind, SNIFF_BYTES_MAX};

fuzz_target!(|file: &[u8]| {
    let head = &file[..file.len().min(SNIFF_BYTES_MAX)];
    assert_eq!(Kind::sniff(file), Kind::sniff(head));
});
