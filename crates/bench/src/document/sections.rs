//! What the document says around its figures.

/// A table.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    /// Beginnings of the names of its rows.
    pub(super) rows: &'static [&'static str],
    /// Figures and their headings. Three keys with `|` between are a figure with its spread.
    pub(super) columns: &'static [(&'static str, &'static str)],
    /// Which plot stands above it.
    pub(super) plot: Option<&'static str>,
}

/// A plot of bars.
pub(super) struct Plot {
    pub(super) file: &'static str,
    pub(super) title: &'static str,
    pub(super) rows: &'static [&'static str],
    pub(super) key: &'static str,
    pub(super) unit: &'static str,
    /// Where a line stands, such as at 1.
    pub(super) mark: Option<f64>,
    /// How long a bar of a figure is.
    pub(super) scale: fn(f64) -> f64,
}

const LINEAR: fn(f64) -> f64 = |figure| figure;

/// For figures of several sizes; a bar of nothing would be a half.
const LOGARITHMIC: fn(f64) -> f64 = |figure| (figure * 2.0).ln().max(0.0);

/// What the document begins with.
pub(super) const HEAD: &str = "
# Performance

Ratios, measured in one run on one machine. Absolute times are another machine's business: the floor is measured beside
each figure, in turns with it. This page is written by

```
cargo xtask bench            # everything, and this page; less than a quarter of an hour
cargo xtask bench --quick    # two minutes, smaller worlds, no page
cargo xtask bench --json     # one JSON object a line
cargo xtask bench -- read    # a part of it: delivery, post, keep-up, read, visible, memory, alternatives, growth, startup
```

CPU is the time that processes used (user and system), all threads together, divided by requests; the client is a
process of its own and is not counted. Each comparison is measured in several rounds, one side after the other; a
figure is the median, in parentheses stand the lowest and the highest round.
";

const RATIO: (&str, &str) = (
    "ratio_to_static|ratio_lowest|ratio_highest",
    "CPU, static = 1",
);

/// The tables, in their order.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "Reading the feed",
        about: "
A page of 20 stories through the whole public API (session, admission, limits, entitlement of each story, counts, tag),
against the same bytes with the same headers from memory through the same HTTP stack.

- `warm`: first page, in turns by 64 readers with 200 friends; `5000_friends`: one reader with as many as the limit allows.
- `page_10`: stories 181 to 200, from the timeline. `below_floor`: below the 800 of the timeline, so from the store.
- `304`: the client has the page already; the static side answers 304 as well.
- `cold`: the first read of a reader of whom nothing is in memory: session, circle, rebuilding the timeline of 800,
  stories. The file cache of the system is warm.",
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
        title: "What people would otherwise write",
        about: "
The first page for the same readers in the same world. PostgreSQL: one prepared query that joins the reader's friends with their
newest stories (lateral join, answered from indexes, everything in memory). Redis: a sorted set of ids for each reader
and each story as rendered JSON. Both are served by a small program through the same HTTP stack; counted is the CPU of that
program and of all processes of the foreign server. Neither looks up a session, and Redis decides nothing at read:
after a block or an unfriending its sets show what they hold. In parentheses: the spread of the ratio to the feed.",
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
        title: "Growth",
        about: "
The warm first page of readers with 200 friends in worlds of growing size: the cost of a read must not grow with the
number of people. Others have fewer friends in the largest world, so that it is made in minutes; the readers who are
measured have the same 200 everywhere. `cold` is the first read of each, from a store that grew.",
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
Acknowledged means synced to the disk. Writers post one after the other, through the service; posts that come at the same
time share an fsync. Beside each: how many bare writes of 4 KiB the disk syncs a second, measured just before. Deliveries
of these posts run on the same cores meanwhile.",
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
Everybody has 40 friends with a timeline in memory, and 64 writers post as fast as they can. The time runs until the last
story is delivered; `left` are the orders that waited when the last post was acknowledged.",
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
From the call that posts until the reader who gets the story last has it as an event of the live stream, durable write
included. All friends have a timeline in memory, and the last reader is the one with the highest id. A large author's stories
go into a log that timelines are filled up from when they are read.",
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
Ids into timelines of this process that are full, on one thread, by the CPU time it used; the 300 readers of a story are
scattered over the table. All deliveries together; in parentheses the slowest part, in which timelines grow or are trimmed,
and the fastest.",
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
Memory that is really there, without the mapped file of the database. `memory_timeline`: a timeline of 800 stories in memory, by what the process grows, and by what the timeline accounts for
itself; the ids alone take 6,400 bytes. `memory_person`: what a server grows for each person who is around, by circle and timeline;
and then by the stories and names of their first page. In this world few people read the same stories; where they do,
and beyond the size of that cache, the page costs nothing more.",
        rows: &["memory_"],
        columns: &[
            ("resident_bytes_each", "resident bytes each"),
            ("accounted_bytes_each", "accounted bytes each"),
            ("page_bytes_each", "with a page, besides"),
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
`kill -9` right behind posts, the database in the file cache of the system. `restart_cold`: the same, with the file cache
emptied of the database. Timelines are gone each time; the first page of each reader rebuilds theirs.",
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
