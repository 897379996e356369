//! Sizes and limits of the service. The configuration documents the meaning, unit, default and range of each.

use std::net::SocketAddr;
use std::time::Duration;

use sosik_feed::limits;
use sosik_store::{LargeAuthorLimits, MediaQuota, RelationLimits};

/// All settings of the service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Reading feeds.
    pub feed: FeedSettings,
    /// Delivering stories.
    pub delivery: DeliverySettings,
    /// Friends, follows, blocks, mutes, requests.
    pub relations: RelationLimits,
    /// Texts.
    pub texts: TextSettings,
    /// Sessions.
    pub sessions: SessionSettings,
    /// Password hashing.
    pub passwords: PasswordSettings,
    /// Caches of this node.
    pub caches: CacheSettings,
    /// Photos.
    pub media: MediaSettings,
    /// Identity of this node.
    pub node: NodeSettings,
    /// Restarts of background tasks.
    pub supervision: SupervisionSettings,
}

/// Maximum videos of one person that wait or are being prepared. A video takes minutes, and the videos of others wait
/// behind it.
pub const VIDEOS_WAITING_MAX: u32 = 5;

/// Reading feeds.
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// Ids in a timeline when it is built. See [`limits::TIMELINE_STORIES`].
    pub timeline_stories: usize,
    /// Maximum number of concurrent rebuilds of timelines, and of concurrent pages read from the store.
    pub rebuilds_at_once: usize,
    /// How long a read waits for a permit to rebuild before it reads from the store.
    pub rebuild_wait: Duration,
    /// Maximum of the unread count.
    pub unread_max: u32,
}

/// Delivering stories.
#[derive(Debug, Clone)]
pub struct DeliverySettings {
    /// Number of readers from which a story is appended to the log of large authors instead of delivered.
    pub large_author: LargeAuthorLimits,
    /// Readers in one step of a delivery.
    pub chunk: u32,
    /// Maximum number of concurrent workers. 0: this process delivers nothing, and other nodes do.
    pub workers: usize,
    /// A claim expires after this time. Then another worker may take the order.
    pub claim: Duration,
    /// An order becomes dead after this number of failures.
    pub attempts_max: u32,
    /// Pause after the first failure; doubles each time.
    pub retry_first: Duration,
    /// Longest pause between attempts.
    pub retry_max: Duration,
    /// Interval between polls for orders that nobody processes.
    pub sweep_every: Duration,
    /// Posts are shed while a delivery waits longer than this for a worker.
    pub backlog_wait_max: Duration,
}

/// Lengths of texts, bounded by those of [`limits`].
#[derive(Debug, Clone)]
pub struct TextSettings {
    /// Characters of a story.
    pub story_characters_max: usize,
    /// Characters of a comment.
    pub comment_characters_max: usize,
    /// How long a repeated request is recognised.
    pub idempotency: Duration,
}

/// Sessions.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// Maximum number of sessions of one person. Beyond it the least recently used ones end.
    pub per_person_max: u32,
    /// A session ends after this time without use.
    pub idle: Duration,
    /// A session ends this long after its log-in, even if it is in use.
    pub absolute: Duration,
    /// Interval at which the use of a session is recorded.
    pub touch: Duration,
}

/// Parameters of Argon2id.
#[derive(Debug, Clone)]
pub struct PasswordSettings {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Maximum number of concurrent hashes.
    pub hashes_at_once: usize,
}

/// Caches of this node.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// Bytes of stories.
    pub stories_bytes: u64,
    /// People.
    pub people_entries: usize,
    /// Bytes of circles.
    pub circles_bytes: u64,
    /// Sessions.
    pub sessions_entries: usize,
}

impl CacheSettings {
    /// The part of [`circles_bytes`](Self::circles_bytes) for extracts of the log of large authors: a quarter. An
    /// extract has 16 bytes for each story of a large author, a circle 8 bytes for each person.
    #[must_use]
    pub const fn extracts_room(&self) -> u64 {
        self.circles_bytes / 4
    }

    /// The rest, for the circles themselves.
    #[must_use]
    pub const fn circles_room(&self) -> u64 {
        self.circles_bytes - self.extracts_room()
    }
}

/// Photos.
#[derive(Debug, Clone)]
pub struct MediaSettings {
    /// What one person may store.
    pub quota: MediaQuota,
    /// Uploads are refused while the disk has less free space than this, in bytes.
    pub free_bytes_min: u64,
    /// Workers of this node. Each runs one process that decodes.
    pub workers: usize,
    /// Workers of this node for videos. Each runs one `ffmpeg`.
    pub video_workers: usize,
    /// A claim that is not renewed in this time expires, and another worker takes the work.
    pub claim: Duration,
    /// Pause before an upload is processed again, after a failure outside of it.
    pub retry_after: Duration,
    /// Interval between polls for work that nobody does.
    pub poll_every: Duration,
    /// An upload that belongs to no story is deleted after this time.
    pub unused_after: Duration,
    /// An incomplete upload is deleted this long after its last bytes arrived.
    pub upload_expires: Duration,
    /// Interval between searches for such uploads.
    pub sweep_every: Duration,
    /// Whether pages are fetched to show previews of links.
    pub previews: Previews,
    /// Bytes of memory for the files that were read last.
    pub cache_bytes: u64,
}

/// Whether stories show previews of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Previews {
    /// Pages are fetched.
    On,
    /// No page is fetched.
    Off,
}

/// Identity of this node.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// 0 to 3.
    pub region: u16,
    /// A name for people who read the table of leases.
    pub name: String,
    /// How long a node number is leased.
    pub lease: Duration,
    /// How long the caches of this node are leased, if the store has several nodes.
    pub cache_lease: Duration,
    /// Where this node serves people; `None` if it does not.
    pub address: Option<SocketAddr>,
}

/// Restarts of background tasks after a panic.
#[derive(Debug, Clone, Copy)]
pub struct SupervisionSettings {
    /// Maximum number of restarts of one task within [`period`](Self::period). After one more panic the task is given
    /// up.
    pub restarts_max: usize,
    /// The time span in which restarts are counted.
    pub period: Duration,
    /// Pause before the first restart; doubles with each restart within the period.
    pub pause_first: Duration,
    /// Longest pause before a restart.
    pub pause_max: Duration,
}

impl Default for SupervisionSettings {
    /// Eight restarts take about 23 s: long enough for a store that has just recovered, short enough for a balancer to
    /// notice a node that cannot deliver.
    fn default() -> Self {
        Self {
            restarts_max: 8,
            period: Duration::from_secs(600),
            pause_first: Duration::from_millis(100),
            pause_max: Duration::from_secs(10),
        }
    }
}

impl Default for Settings {
    /// The defaults of the configuration.
    fn default() -> Self {
        Self {
            feed: FeedSettings {
                timeline_stories: limits::TIMELINE_STORIES,
                rebuilds_at_once: 4,
                rebuild_wait: Duration::from_secs(2),
                unread_max: 99,
            },
            delivery: DeliverySettings {
                large_author: LargeAuthorLimits::above(10_000),
                chunk: 2_000,
                workers: 2,
                claim: Duration::from_secs(30),
                attempts_max: 20,
                retry_first: Duration::from_millis(200),
                retry_max: Duration::from_secs(300),
                sweep_every: Duration::from_secs(5),
                backlog_wait_max: Duration::from_secs(1),
            },
            relations: RelationLimits {
                friends_max: limits::FRIENDS_MAX,
                follows_max: limits::FOLLOWS_MAX,
                blocks_max: limits::BLOCKS_MAX,
                mutes_max: limits::MUTES_MAX,
                requests_max: limits::FRIEND_REQUESTS_PENDING_MAX,
            },
            texts: TextSettings {
                story_characters_max: limits::STORY_TEXT_CHARACTERS_MAX,
                comment_characters_max: limits::COMMENT_CHARACTERS_MAX,
                idempotency: Duration::from_secs(24 * 3600),
            },
            sessions: SessionSettings {
                per_person_max: limits::SESSIONS_MAX,
                idle: Duration::from_secs(30 * 86_400),
                absolute: Duration::from_secs(365 * 86_400),
                touch: Duration::from_secs(300),
            },
            passwords: PasswordSettings {
                memory_kib: 19_456,
                passes: 2,
                lanes: 1,
                hashes_at_once: 2,
            },
            caches: CacheSettings {
                stories_bytes: 128 << 20,
                people_entries: 100_000,
                circles_bytes: 128 << 20,
                sessions_entries: 200_000,
            },
            media: MediaSettings {
                quota: MediaQuota {
                    count_max: 20_000,
                    bytes_max: 10_000 << 20,
                    videos_waiting_max: VIDEOS_WAITING_MAX,
                },
                free_bytes_min: 1_024 << 20,
                workers: 1,
                video_workers: 1,
                claim: Duration::from_secs(120),
                retry_after: Duration::from_secs(30),
                poll_every: Duration::from_secs(5),
                unused_after: Duration::from_secs(24 * 3600),
                upload_expires: Duration::from_secs(24 * 3600),
                sweep_every: Duration::from_secs(60),
                previews: Previews::On,
                cache_bytes: 32 << 20,
            },
            node: NodeSettings {
                region: 0,
                name: "sosik".to_owned(),
                lease: Duration::from_secs(10),
                cache_lease: Duration::from_secs(3),
                address: None,
            },
            supervision: SupervisionSettings::default(),
        }
    }
}
