//! Measures timelines in Redis, for `docs/decisions/0020-timelines-in-redis.md`: deliveries, reads, memory.
//!
//! `cargo bench -p sosik-fabric-redis`. Needs redis-server and redis-benchmark. Processor time is that of this process
//! and of the server, each divided by the number of operations. Absolute times depend on the machine; the ratio of
//! deliveries to `LPUSHX` in the same run matters.

#![expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#![expect(clippy::print_stdout, reason = "prints its figures")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails stops")]
#![expect(clippy::cast_precision_loss, reason = "for people to read")]

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use redis::{AsyncConnectionConfig, Client};
use sosik_fabric::Timelines;
use sosik_fabric::timelines::{Below, Delivery, Rebuild, Since};
use sosik_fabric_redis::{RedisFabric, RedisOptions};
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::Mark;
use sosik_feed::{Bucket, PersonId, RawId, StoryId};
use sosik_servers::Redis;

const PEOPLE: u64 = 6_000;
const STORIES: u64 = 800;
/// Readers of one story.
const READERS: u64 = 300;
/// Calls in flight, as in the measurement of `redis-benchmark`.
const IN_FLIGHT: usize = 4;
/// Stories that each timeline gets in one measurement.
const EACH: u64 = 50;
/// Stories delivered in one measurement.
const DELIVERED: u64 = PEOPLE * EACH / READERS;
const READS: u64 = 20_000;

#[tokio::main]
async fn main() {
    let server = Redis::start(&["--maxmemory", "1gb", "--maxmemory-policy", "volatile-ttl"]);
    let server = server.unwrap();
    // A busy machine makes the figures worse, and does not end the measurement.
    let options = RedisOptions {
        call_timeout: Duration::from_secs(60),
        delivery_timeout: Duration::from_secs(60),
        ..RedisOptions::at(server.url())
    };
    let fabric = RedisFabric::open(options).unwrap();
    assert!(fabric.connected(Duration::from_secs(10)).await);
    let bench = Bench {
        timelines: Arc::new(fabric.timelines()),
        server,
    };
    println!(
        "{:<44} {:>9} {:>9} {:>9} {:>9}",
        "", "per s", "p50 µs", "client µs", "server µs"
    );
    let lists = Redis::start(&[]).unwrap();
    fill(&lists).await;
    bench.build().await;
    // Odd numbers in order, and then the even ones between them.
    let odd: fn(u64) -> StoryId = |number| story(2 * (STORIES + number) + 1);
    let odd_later: fn(u64) -> StoryId = |number| story(2 * (STORIES + DELIVERED + number) + 1);
    let even: fn(u64) -> StoryId = |number| story(2 * (STORIES + number) + 2);
    // In turns, since other work on the machine slows both down.
    lpushx(&lists);
    bench.deliver("deliver to 300, in order", odd).await;
    lpushx(&lists);
    bench.deliver("deliver to 300, in order", odd_later).await;
    lpushx(&lists);
    bench.deliver("the same again", odd_later).await;
    bench
        .deliver("deliver to 300, late by up to 50", even)
        .await;
    bench.deliver_to_dormant().await;
    bench.reads().await;
}

struct Bench {
    timelines: Arc<dyn Timelines>,
    server: Redis,
}

fn reader(number: u64) -> PersonId {
    let number = number % PEOPLE;
    let id = RawId::from_fields(number / 64, 1, (number % 64) as u16, Bucket::nth(number));
    PersonId::new(id)
}

/// Ids as far apart as those of real stories.
fn story(number: u64) -> StoryId {
    StoryId::from_u64(number << 22)
}

/// Processor time of this process.
fn own_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    // The 12th and 13th fields after the name; the first is a letter.
    let ticks = |field: usize| fields.split(' ').nth(field)?.parse::<u32>().ok();
    Duration::from_millis(10) * (ticks(11).unwrap() + ticks(12).unwrap())
}

impl Bench {
    /// Makes `count` calls and prints their figures. A call stands for `operations`.
    async fn measure<F: Future<Output = ()>>(
        &self,
        what: &str,
        (count, operations, in_flight): (u64, u64, usize),
        call: impl Fn(u64) -> F,
    ) {
        let (own, servers, start) = (own_cpu(), self.server.cpu().unwrap(), Instant::now());
        let timed = stream::iter(0..count).map(|number| {
            let call = call(number);
            async {
                let start = Instant::now();
                call.await;
                start.elapsed()
            }
        });
        let mut times: Vec<Duration> = timed.buffer_unordered(in_flight).collect().await;
        let took = start.elapsed().as_secs_f64();
        times.sort_unstable();
        let all = (count * operations) as f64;
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        println!(
            "{what:<44} {:>9.0} {:>9.0} {:>9.2} {:>9.2}",
            all / took,
            micros(times[times.len() / 2]),
            micros(own_cpu() - own) / all,
            micros(self.server.cpu().unwrap() - servers) / all,
        );
    }

    async fn used_memory(&self) -> u64 {
        let info: String = ask(&self.server, &["INFO", "memory"]).await;
        let used = info
            .lines()
            .find_map(|line| line.strip_prefix("used_memory:"));
        used.unwrap().trim().parse().unwrap()
    }

    async fn build(&self) {
        let before = self.used_memory().await;
        let ids: Vec<StoryId> = (1..=STORIES).map(|number| story(2 * number)).collect();
        self.measure("build of 800 ids", (PEOPLE, 1, IN_FLIGHT), |number| {
            let ids = ids.clone();
            async move {
                let rebuild = Rebuild {
                    reader: reader(number),
                    incarnation: number + 1,
                };
                let hold = Duration::from_secs(60);
                let begun = self
                    .timelines
                    .begin_rebuild(rebuild, LogPosition::NONE, hold);
                assert!(begun.await.unwrap());
                let finished = self
                    .timelines
                    .finish_rebuild(rebuild, ids, StoryId::default());
                assert!(finished.await.unwrap());
            }
        })
        .await;
        let bytes = (self.used_memory().await - before) / PEOPLE;
        println!(
            "  {bytes} bytes a timeline, {:.2} an id",
            bytes as f64 / STORIES as f64
        );
    }

    async fn deliver(&self, what: &str, id: fn(u64) -> StoryId) {
        self.measure(what, (DELIVERED, READERS, IN_FLIGHT), |number| async move {
            let readers = (number * READERS..(number + 1) * READERS)
                .map(reader)
                .collect();
            let delivery = Delivery {
                story: id(number),
                readers,
            };
            self.timelines.deliver(&[delivery]).await.unwrap();
        })
        .await;
    }

    async fn deliver_to_dormant(&self) {
        self.measure(
            "deliver to 300 without a timeline",
            (DELIVERED, READERS, IN_FLIGHT),
            |number| async move {
                let dormant = |reader: u64| PersonId::from_u64((1 << 50) + reader * 7);
                let readers = (number * READERS..(number + 1) * READERS)
                    .map(dormant)
                    .collect();
                let delivery = Delivery {
                    story: story(number),
                    readers,
                };
                assert_eq!(self.timelines.deliver(&[delivery]).await.unwrap(), 0);
            },
        )
        .await;
    }

    async fn reads(&self) {
        for in_flight in [1, 16] {
            let how = |what: &str| format!("{what}, {in_flight} in flight");
            let top = Below {
                before: None,
                count: 24,
            };
            let deep = Below {
                before: Some(story(200)),
                count: 24,
            };
            let reads = (READS, 1, in_flight);
            let view = |below| {
                move |number| async move {
                    let view = self.timelines.view(reader(number), below).await;
                    assert_eq!(view.unwrap().unwrap().slice.ids.len(), 24);
                }
            };
            self.measure(&how("24 newest"), reads, view(top)).await;
            self.measure(&how("24 deep in the timeline"), reads, view(deep))
                .await;
            self.measure(&how("newer, 24 of 50 that arrived"), reads, |number| {
                self.newer(number)
            })
            .await;
        }
    }

    /// From the mark of a client that saw all but the last 50 in order.
    async fn newer(&self, number: u64) {
        let since = Since {
            incarnation: number % PEOPLE + 1,
            mark: Mark {
                newest: story(2 * (STORIES + DELIVERED)),
                late: u32::try_from(EACH).unwrap(),
            },
            count: 24,
            others: &[],
        };
        let arrived = self.timelines.newer(reader(number), since).await;
        let newer = arrived.unwrap().unwrap().unwrap().newer;
        assert_eq!((newer.ids.len(), newer.more), (24, true));
    }
}

async fn ask<T: redis::FromRedisValue>(server: &Redis, command: &[&str]) -> T {
    let client = Client::open(server.url()).unwrap();
    let patient = AsyncConnectionConfig::new().set_response_timeout(None);
    let connection = client.get_multiplexed_async_connection_with_config(&patient);
    let mut connection = connection.await.unwrap();
    let mut request = redis::Cmd::new();
    request.arg(command);
    request.query_async(&mut connection).await.unwrap()
}

/// Makes a list of a hundred ids for each reader.
async fn fill(lists: &Redis) {
    let fill = "for i = 0, tonumber(ARGV[1]) - 1 do for j = 1, 100 do \
        redis.call('RPUSH', string.format('list:%012d', i), '12345678') end end";
    ask::<()>(lists, &["EVAL", fill, "0", &PEOPLE.to_string()]).await;
}

/// What a list without order, marks and repeats would cost.
fn lpushx(lists: &Redis) {
    const PUSHES: u64 = 600_000;
    let before = lists.cpu().unwrap();
    let output = Command::new("redis-benchmark")
        .args(["-p", &lists.port().to_string(), "-n", &PUSHES.to_string()])
        .args(["-c", &IN_FLIGHT.to_string(), "-P", &READERS.to_string()])
        .args(["-r", &PEOPLE.to_string(), "--csv"])
        .args(["LPUSHX", "list:__rand_int__", "12345678"])
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let line = output.lines().next_back().unwrap();
    let rate: f64 = line.split("\",\"").nth(1).unwrap().parse().unwrap();
    let used = (lists.cpu().unwrap() - before).as_secs_f64() * 1e6 / PUSHES as f64;
    let what = "redis-benchmark LPUSHX, 300 a pipeline";
    println!("{what:<44} {rate:>9.0} {:>9} {:>9} {used:>9.2}", "", "");
}
