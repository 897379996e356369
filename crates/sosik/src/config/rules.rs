//! Rules between keys that are each valid alone.

use super::reader::Reader;
use super::units::{Days, Unit};
use super::{BUCKET, Config, EngineUrl};
use crate::engines::{MEMORY, SQLITE};

/// Reports every contradiction.
pub fn check(config: &Config, reader: &mut Reader) {
    let at_most = |reader: &mut Reader, low: (&str, u64), high: (&str, u64), advice: &str| {
        if low.1 > high.1 {
            let what = format!("{} ({}) is more than {} ({})", low.0, low.1, high.0, high.1);
            reader.contradiction(&[low.0, high.0], what, advice);
        }
    };
    at_most(
        reader,
        ("feed.page_default", wide(config.api.page_items_default)),
        ("feed.page_max", wide(config.api.page_items_max)),
        "write a default page that is no longer than the longest page",
    );
    at_most(
        reader,
        ("feed.page_max", wide(config.api.page_items_max)),
        (
            "feed.timeline_stories",
            wide(config.service.feed.timeline_stories),
        ),
        "write a timeline that holds at least one whole page",
    );
    at_most(
        reader,
        ("feed.unread_max", config.service.feed.unread_max.into()),
        (
            "feed.timeline_stories",
            wide(config.service.feed.timeline_stories),
        ),
        "unread stories are counted in the timeline; count no further than it reaches",
    );
    at_most(
        reader,
        (
            "server.streams_per_person_max",
            wide(config.api.streams_per_person_max),
        ),
        ("server.streams_max", wide(config.api.streams_max)),
        "write no more streams for one person than for all",
    );
    let sessions = &config.service.sessions;
    at_most(
        reader,
        ("sessions.idle_days", Days.write(&sessions.idle).into()),
        (
            "sessions.absolute_days",
            Days.write(&sessions.absolute).into(),
        ),
        "write an idle time that is no longer than the whole life of a session",
    );
    let delivery = &config.service.delivery;
    if delivery.retry_first > delivery.retry_max {
        let keys = ["delivery.retry_first_ms", "delivery.retry_max_seconds"];
        let what = format!("{} is longer than {}", keys[0], keys[1]);
        reader.contradiction(
            &keys,
            what,
            "write a first wait that is no longer than the longest wait",
        );
    }
    if config.server.admin_token.reveal().is_some() && !config.server.admin_token_file.is_empty() {
        let keys = ["server.admin_token", "server.admin_token_file"];
        let what = format!("{} and {} are both set", keys[0], keys[1]);
        reader.contradiction(&keys, what, "set one of them");
    }
    check_engines(config, reader);
    check_secrets(config, reader);
    check_media(config, reader);
    check_balancer(config, reader);
    if config.server.listen == config.server.admin_listen && config.server.listen.port() != 0 {
        let what = format!(
            "server.listen and server.admin_listen are both {}",
            config.server.listen
        );
        let keys = ["server.listen", "server.admin_listen"];
        reader.contradiction(&keys, what, "write two different ports");
    }
}

/// Which engines fit together: all of one machine, or all of several; and PostgreSQL for a single node.
fn check_engines(config: &Config, reader: &mut Reader) {
    let urls = &config.urls;
    let is_memory = |url: &EngineUrl| url.scheme() == MEMORY;
    if is_memory(&urls.fabric) != is_memory(&urls.queue) {
        let keys = ["fabric.url", "queue.url"];
        let what = "one of fabric.url and queue.url is memory: and the other one is not".to_owned();
        reader.contradiction(&keys, what, "write both, or none for a single node");
    }
    if urls.store.scheme() == SQLITE && !(is_memory(&urls.fabric) && is_memory(&urls.queue)) {
        let keys = ["store.url", "fabric.url", "queue.url"];
        let what = "store.url is SQLite, which a single node uses, and fabric.url or queue.url is for several".to_owned();
        reader.contradiction(
            &keys,
            what,
            "write store.url = \"postgres://…\", or leave out the other two",
        );
    }
}

/// No secret is that of a sample file, which everybody knows.
fn check_secrets(config: &Config, reader: &mut Reader) {
    let urls = &config.urls;
    let secrets = [
        ("store.url", urls.store.is_of_the_sample()),
        ("fabric.url", urls.fabric.is_of_the_sample()),
        ("queue.url", urls.queue.is_of_the_sample()),
        (
            "server.admin_token",
            config.server.admin_token.is_of_the_sample(),
        ),
        (
            "media.s3_secret_key",
            config.media.s3_secret_key.is_of_the_sample(),
        ),
    ];
    for (key, _) in secrets.into_iter().filter(|(_, known)| *known) {
        let what = format!("{key} still has the secret of the sample, which everybody knows");
        reader.contradiction(&[key], what, "write your own");
    }
}

/// Nodes of several machines would each find a part of the files only.
fn check_media(config: &Config, reader: &mut Reader) {
    let media = &config.media;
    let is_shared = config.urls.queue.scheme() != MEMORY;
    if is_shared && media.url.starts_with("file:") {
        reader.contradiction(
            &["media.url", "queue.url"],
            "media.url is a folder of this machine, and queue.url is for several nodes".to_owned(),
            "write media.url = \"s3://bucket\" for photos and videos on several nodes, or \"none\" for none",
        );
    }
    let has_key = !media.s3_access_key.is_empty() && media.s3_secret_key.reveal().is_some();
    if media.url.starts_with(BUCKET) && !has_key {
        reader.contradiction(
            &["media.url", "media.s3_access_key", "media.s3_secret_key"],
            "media.url is a bucket, and there is no key for it".to_owned(),
            "write media.s3_access_key and media.s3_secret_key",
        );
    }
    let has_folder = !media.work_folder.is_empty() || config.urls.store.scheme() == SQLITE;
    if media.url.starts_with(BUCKET) && !has_folder {
        reader.contradiction(
            &["media.url", "media.work_folder"],
            "media.url is a bucket, and videos are prepared in a folder of this machine, which is missing".to_owned(),
            "write media.work_folder = \"/var/lib/sosik/media-work\", or another folder on a disk with some GB free",
        );
    }
}

/// The listeners of the balancer, and its periods of ejection.
fn check_balancer(config: &Config, reader: &mut Reader) {
    let balance = &config.balance;
    if balance.listen == balance.admin_listen && balance.listen.port() != 0 {
        let what = format!(
            "balance.listen and balance.admin_listen are both {}",
            balance.listen
        );
        let keys = ["balance.listen", "balance.admin_listen"];
        reader.contradiction(&keys, what, "write two different ports");
    }
    if balance.ejection.first > balance.ejection.longest {
        let keys = [
            "balance.eject_first_seconds",
            "balance.eject_longest_seconds",
        ];
        let what = format!("{} is longer than {}", keys[0], keys[1]);
        reader.contradiction(
            &keys,
            what,
            "write a first period that is no longer than the longest",
        );
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
