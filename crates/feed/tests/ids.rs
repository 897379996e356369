//! Generates a hundred million ids from all possible generators, in every bucket, while the clocks jump.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::time::Duration;

use sosik_feed::generator::{IdGenerator, Lease};
use sosik_feed::id::{EPOCH, NODES};
use sosik_feed::{Bucket, PersonId, RawId, Timestamp};

/// Total over [`NODES`] generators.
const IDS: u64 = 100_000_000;

/// The start of all clocks, in milliseconds since 1970.
const START: u64 = EPOCH.as_millis() + 90_000_000_000;

/// Two generators never generate the same id because their node fields differ. One generator never repeats an id
/// because each is larger than the previous one in any bucket. The test checks both for every id, which proves as much
/// as a set of all ids.
#[test]
fn a_hundred_million_ids_of_all_generators_rise_and_never_repeat() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let made: u64 = std::thread::scope(|scope| {
        let part = |first: usize| {
            move || {
                (first..usize::from(NODES))
                    .step_by(threads)
                    .map(exercise)
                    .sum::<u64>()
            }
        };
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(part(first))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    assert!(made >= IDS, "{made}");
}

/// Runs one generator until it has generated its share. Returns the number of ids.
fn exercise(node: usize) -> u64 {
    let node = u16::try_from(node).unwrap();
    let lease = Lease {
        node,
        ids_after: Timestamp::from_millis(START - 1),
        ids_until: Timestamp::from_millis(START + (1 << 39)),
        deadline: Duration::MAX,
    };
    let mut generator = IdGenerator::new(lease);
    let mut chance = Chance(u64::from(node) + 1);
    let mut clock = START;
    let mut last = RawId::default();
    let mut made = 0;
    while made < IDS.div_ceil(u64::from(NODES)) {
        clock = chance.jump(clock);
        for _ in 0..chance.below(5_000) {
            let id = generator.next(Timestamp::from_millis(clock), Duration::ZERO);
            let id = id.expect("the lease is longer than the test");
            let bucket = Bucket::nth(chance.below(256));
            let id = PersonId::in_bucket(bucket, id).raw();
            assert!(
                id > last && id.node() == node && id.bucket() == bucket,
                "{id} after {last} from {node}"
            );
            last = id;
            made += 1;
        }
    }
    made
}

/// Marsaglia's xorshift, which is random enough for clocks.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Usually advances by a few milliseconds; sometimes goes back by seconds or far ahead.
    fn jump(&mut self, clock: u64) -> u64 {
        match self.below(20) {
            0 => clock - self.below(4_000).min(clock - START),
            1 => clock - self.below(20_000).min(clock - START),
            2 => clock + self.below(60_000),
            _ => clock + self.below(5),
        }
    }
}
