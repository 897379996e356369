//! The texts around the figures of the document.

/// A table.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    /// Prefixes of the names of its rows.
    pub(super) rows: &'static [&'static str],
    /// Keys of figures and their headings. Three keys with `|` between them show a figure with its spread.
    pub(super) columns: &'static [(&'static str, &'static str)],
    /// The plot above it.
    pub(super) plot: Option<&'static str>,
}

/// A plot of bars.
pub(super) struct Plot {
    pub(super) file: &'static str,
    pub(super) title: &'static str,
    pub(super) rows: &'static [&'static str],
    pub(super) key: &'static str,
    pub(super) unit: &'static str,
    /// The position of a reference line, such as 1.
    pub(super) mark: Option<f64>,
    /// The length of the bar for a figure.
    pub(super) scale: fn(f64) -> f64,
}

const LINEAR: fn(f64) -> f64 = |figure| figure;

/// For figures of different magnitude. The bar of 0.5 has no length.
const LOGARITHMIC: fn(f64) -> f64 = |figure| (figure * 2.0).ln().max(0.0);

/// The beginning of the document.
pub(super) const HEAD: &str = "
# Performance

Ratios, measured in one run on one machine. Absolute times differ from machine to machine, so each figure is measured in
turns with a floor beside it. This page is written by

```
cargo xtask bench            # everything, and this page; less than a quarter of an hour
cargo xtask bench --quick    # two minutes, smaller worlds, no page
cargo xtask bench --json     # one JSON object a line
cargo xtask bench -- read    # some parts: delivery, post, keep-up, read, visible, memory, alternatives, growth, startup
```

CPU is the time that all threads of the processes used (user and system), divided by the number of requests. The client
is a separate process and is not counted. Each comparison is measured in several rounds, one side after the other. A
figure is the median, with the lowest and the highest round in parentheses.
";

const RATIO: (&str, &str) = (
    "ratio_to_static|ratio_lowest|ratio_highest",
    "CPU, static = 1",
);

/// The tables, in order.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "Reading the feed",
        about: "
A page of 20 stories through the whole public API (session, admission, limits, entitlement of each story, counts, tag),
against the same bytes with the same headers from memory through the same HTTP stack.

- `warm`: the first page, requested in turn by 64 readers with 200 friends. `5000_friends`: one reader with the maximum
  number of friends.
- `page_10`: stories 181 to 200, from the timeline. `below_floor`: stories below the 800 of the timeline, from the
  store.
- `304`: the client already has the page. The static side answers 304 as well.
- `cold`: the first read of a reader who has nothing in memory. It loads the session, the circle and the stories, and
  rebuilds the timeline of 800. The file cache of the system is warm.",
        rows: &["feed_read_"],
        columns: &[
            RATIO,
            ("cpu_micros", "CPU µs"),
            ("static_cpu_micros", "static µs"),
            ("bytes", "bytes"),
            ("friends", "friends"),
        ],
        plot: Some("reads"),
    },
    Section {
        title: "Alternatives",
        about: "
The first page for the same readers in the same world. PostgreSQL: one prepared query that joins the reader's friends
with their newest stories (lateral join, answered from indexes, everything in memory). Redis: a sorted set of ids for
each reader and each story as rendered JSON. Both are served by a small program through the same HTTP stack. The CPU
time is that of the program and of all processes of the foreign server. Neither looks up a session, and Redis checks no
entitlement at read: after a block or an unfriending its sets still show the old stories. The spread of the ratio to the
feed is in parentheses.",
        rows: &["alternative_"],
        columns: &[
            ("ratio_to_feed|ratio_lowest|ratio_highest", "CPU, Sosik = 1"),
            ("ratio_to_static", "static = 1"),
            ("cpu_micros", "CPU µs"),
            ("feed_cpu_micros", "Sosik µs"),
            ("friends", "friends"),
            ("deliveries_per_second", "deliveries/s"),
            ("bytes_each_timeline", "bytes a timeline"),
        ],
        plot: Some("alternatives"),
    },
    Section {
        title: "Timelines in Redis",
        about: "
The warm first page of a node whose timelines are in Redis, as in a cluster. The CPU time is that of the node and of
Redis. It is measured in turns with the feed of one machine, and with the least that a page out of Redis can cost:
`LRANGE` of a list of ids and `MGET` of 20 rendered stories, served through the same HTTP stack without a session and
without entitlement.",
        rows: &["shared_"],
        columns: &[
            (
                "ratio_to_one_machine|ratio_lowest|ratio_highest",
                "CPU, one machine = 1",
            ),
            (
                "ratio_to_list|list_ratio_lowest|list_ratio_highest",
                "LRANGE + MGET = 1",
            ),
            ("cpu_micros", "CPU µs"),
            ("feed_cpu_micros", "one machine µs"),
            ("list_cpu_micros", "LRANGE + MGET µs"),
            ("friends", "friends"),
        ],
        plot: None,
    },
    Section {
        title: "Growth",
        about: "
The warm first page of readers with 200 friends in worlds of growing size. The cost of a read must not grow with the
number of people. In the largest world the other people have fewer friends, so that it can be made in minutes. The
measured readers have 200 friends in every world. `cold` is the first read of each reader, from the larger store.",
        rows: &["growth_"],
        columns: &[
            RATIO,
            ("cpu_micros", "CPU µs"),
            ("people", "people"),
            ("stories", "stories"),
            ("friends_of_others", "friends of others"),
            ("cold_cpu_micros", "cold µs"),
            ("store_mib", "store MiB"),
            ("fill_seconds", "made in s"),
        ],
        plot: Some("growth"),
    },
    Section {
        title: "Posting",
        about: "
Acknowledged means synced to the disk. Each writer posts one story after the other through the service. Concurrent posts
share an fsync. The rate of bare writes of 4 KiB with an fsync each is measured just before, beside each figure.
Deliveries of these posts run on the same cores at the same time.",
        rows: &["post_durable_"],
        columns: &[
            ("posts_per_second", "posts/s"),
            ("p50_ms", "p50 ms"),
            ("p99_ms", "p99 ms"),
            ("cpu_micros", "CPU µs a post"),
            ("fsyncs_per_second", "bare fsyncs/s"),
            ("ratio_to_fsync", "posts for a bare fsync"),
            ("writes_per_fsync", "writes that share one"),
        ],
        plot: Some("posts"),
    },
    Section {
        title: "Deliveries that keep up",
        about: "
Everybody has 40 friends with a timeline in memory, and 64 writers post as fast as they can. The time runs until the
last story is delivered. `left` is the number of orders that waited when the last post was acknowledged.",
        rows: &["keep_up_"],
        columns: &[
            ("delivered_per_second", "posts delivered/s"),
            ("acknowledged_per_second", "posts acknowledged/s"),
            ("orders_left", "left"),
            ("cpu_micros", "CPU µs a post"),
            ("friends", "friends"),
        ],
        plot: None,
    },
    Section {
        title: "From posting to visible",
        about: "
The time from the post until the last reader receives the story as an event of the live stream, including the durable
write. All friends have a timeline in memory, and the last reader is the one with the highest id. The stories of a large
author go into a log, which reads merge into timelines.",
        rows: &["post_to_visible_"],
        columns: &[
            ("readers", "readers"),
            ("p50_ms", "p50 ms"),
            ("p99_ms", "p99 ms"),
            ("max_ms", "max ms"),
            ("acknowledged_p50_ms", "acknowledged p50 ms"),
        ],
        plot: None,
    },
    Section {
        title: "Delivering",
        about: "
Ids inserted into full timelines of this process by one thread, by the CPU time of the thread. The 300 readers of a
story are scattered over the table. The figure covers all deliveries. The slowest part, in which timelines grow or are
trimmed, and the fastest part are in parentheses.",
        rows: &["delivery_"],
        columns: &[
            ("deliveries_per_second|lowest|highest", "deliveries/s on one core"),
            ("nanoseconds_each", "ns each"),
            ("timelines", "timelines"),
        ],
        plot: None,
    },
    Section {
        title: "Memory",
        about: "
Resident memory, without the mapped file of the database. `memory_timeline`: a timeline of 800 stories, by the growth of
the process and by the timeline's own accounting. The ids alone take 6,400 bytes. `memory_person`: the growth of a
server for each active person, first by their circle and timeline, then by the stories and names of their first page. In
this world few people read the same stories. Pages with shared stories cost less, and beyond the size of the story cache
a page costs nothing more.",
        rows: &["memory_"],
        columns: &[
            ("resident_bytes_each", "resident bytes each"),
            ("accounted_bytes_each", "accounted bytes each"),
            ("page_bytes_each", "additional bytes with a page"),
            ("friends", "friends"),
            ("stories_in_timeline", "stories in the timeline"),
            ("resident_mib_after", "whole server MiB"),
        ],
        plot: None,
    },
    Section {
        title: "Starting",
        about: "
A server in a process of its own on the largest world of the run. `first`: after an orderly stop. `restart_warm`: after
`kill -9` directly after posts, with the database in the file cache of the system. `restart_cold`: the same, without the
database in the file cache. Timelines are lost each time, and the first page of each reader rebuilds theirs.",
        rows: &["startup_"],
        columns: &[
            ("people", "people"),
            ("listening_ms", "listening after ms"),
            ("first_page_ms", "first page after ms"),
            ("next_cold_pages_ms", "next readers' first pages, ms each"),
            ("resident_mib", "memory MiB"),
        ],
        plot: None,
    },
];

/// The plots.
pub(super) const PLOTS: &[Plot] = &[
    Plot {
        file: "reads",
        title: "CPU of a feed read from memory; the line: the same bytes served statically",
        rows: &[
            "feed_read_warm",
            "feed_read_5000_friends",
            "feed_read_page_10",
            "feed_read_304",
        ],
        key: "ratio_to_static",
        unit: "×",
        mark: Some(1.0),
        scale: LINEAR,
    },
    Plot {
        file: "alternatives",
        title: "CPU of the first page, logarithmic; the line: Sosik",
        rows: &["alternative_"],
        key: "ratio_to_feed",
        unit: "×",
        mark: Some(1.0),
        scale: LOGARITHMIC,
    },
    Plot {
        file: "growth",
        title: "CPU of a warm read in worlds of growing size; the line: static",
        rows: &["growth_"],
        key: "ratio_to_static",
        unit: "×",
        mark: Some(1.0),
        scale: LINEAR,
    },
    Plot {
        file: "posts",
        title: "Durable posts a second",
        rows: &["post_durable_"],
        key: "posts_per_second",
        unit: "/s",
        mark: None,
        scale: LINEAR,
    },
];
