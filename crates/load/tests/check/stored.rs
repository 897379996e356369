//! Histories on disk.

use sosik_load::check::{Act, Audience, HistoryError, read, write};

use crate::tale::{JUN, LATER, MINA, Tale, mutes, post};

#[test]
fn a_stored_history_is_read_back_as_it_was_and_judged_the_same() {
    let tale = Tale::new()
        .posted(201, (100, 110))
        .perhaps(JUN, (150, 160), post(None, Audience::Public, Some("k1")))
        .did(MINA, (200, 210), Act::Begin(mutes(MINA, JUN)))
        .top(MINA, LATER, &[201])
        .told(MINA, 300, 201)
        .failed((1, 2), None, false)
        .away((1, 2))
        .opened(MINA, LATER, 201, true);
    let mut stored = Vec::new();
    write(&tale.0, &mut stored).unwrap();
    assert_eq!(
        stored.iter().filter(|byte| **byte == b'\n').count(),
        tale.0.len()
    );
    let again = Tale(read(stored.as_slice()).unwrap());
    assert_eq!(again.0, tale.0);
    assert_eq!(again.violations(), tale.violations());
    assert!(!tale.violations().is_empty());
}

#[test]
fn a_line_that_is_no_entry_is_named() {
    let text =
        "{\"entry\":\"person\",\"person\":\"1\",\"name\":\"mina\"}\n{\"entry\":\"nonsense\"}\n";
    let Err(HistoryError::Line { line, .. }) = read(text.as_bytes()) else {
        panic!("it was read");
    };
    assert_eq!(line, 2);
}
