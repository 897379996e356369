//! The cost of sealing a cursor. A page of the home feed seals two cursors, and opens one unless it is the first page.
//!
//! `cargo bench --package sosik-feed --bench seal`. It measures processor time, so other work on the
//! machine does not count.

#![expect(clippy::print_stdout, reason = "prints its figures")]

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};
use sosik_feed::cursor::Seen;
use sosik_feed::cursor::seal::{KEY_BYTES, List, Scope, Seals};
use sosik_feed::{Cursor, PersonId, RawId};

/// Enough iterations for a tenth of a second.
const ROUNDS: u64 = 200_000;

fn main() {
    let seals = Seals::new(0, &[7; KEY_BYTES]);
    let scope = Scope::own(List::Feed, PersonId::from_u64(1));
    for (name, cursor) in [
        ("older", Cursor::Below(RawId::from_u64(1 << 60))),
        ("newer", Cursor::Newer(Seen::default())),
    ] {
        let text = seals.seal(&cursor, scope);
        let mut out = Vec::with_capacity(text.len());
        let sealing = nanoseconds(|| {
            out.clear();
            seals.seal_into(black_box(&cursor), scope, &mut out);
        });
        let opening = nanoseconds(|| {
            black_box(seals.open(black_box(&text), scope)).ok();
        });
        let characters = text.len();
        println!("{name}: {characters} characters, {sealing} ns to seal, {opening} ns to open");
    }
}

fn nanoseconds(mut work: impl FnMut()) -> u64 {
    let begin = processor_time();
    for _ in 0..ROUNDS {
        work();
    }
    (processor_time() - begin) / ROUNDS
}

fn processor_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
