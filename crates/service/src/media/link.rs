//! Previews of the first link of each story. A link is fetched once for all stories, and the result is copied into
//! each.
//! The row of a preview is the record of the work, like the row of an upload. A worker looks up the link among those
//! that were fetched within the hour. If it is missing, the worker claims and fetches it, so that several stories or
//! nodes never fetch a link at the same time. Failures are remembered, too.
//! The files of the picture belong to the link and are kept for an hour. A story gets its own copy, which is deleted
//! with the story.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use sosik_feed::text::first_link;
use sosik_feed::{MediaId, PersonId, Timestamp};
use sosik_media::photo::Purpose;
use sosik_media::preview::{FetchError, Preview, normalized};
use sosik_media::storage::Name;
use sosik_media::worker::Input;
use sosik_store::{
    LinkCard, LinkClaim, LinkResult, LinkState, MediaFacts, NewPreview, PreviewTask, PreviewWork,
    Processed, StoryLink,
};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::process::{STOP_GRACE, keep};
use super::{Media, MediaEngine, folder};
use crate::core::invalidate::position_of;
use crate::{Change, ServiceResult};

/// Previews that one node makes at once. Each has up to 6 MiB of a page and its picture in memory, and mostly waits for
/// the site.
const PREVIEWS_AT_ONCE_MAX: usize = 16;

/// Previews of links to one host that one node makes at once, to limit the load on a site.
const PREVIEWS_PER_HOST_MAX: usize = 4;

/// How long the result of a fetch is reused for other stories, also if the page had no preview.
const LINK_USED_FOR: Duration = Duration::from_secs(3600);

/// How long an expired link is kept, because a worker may still be copying its files.
const LINK_KEPT_FOR: Duration = Duration::from_secs(600);

/// Expired links that one query lists.
const LINKS_LISTED_MAX: u32 = 200;

/// A preview that is not ready after this time is given up: by then most readers have seen the story without it.
const PREVIEW_AGE_MAX: Duration = Duration::from_secs(3600);

/// First pause before a retry, if the link is being fetched or its host is busy. Doubles each time.
const PAUSE_FIRST: Duration = Duration::from_millis(500);

/// How often the pause doubles at most: up to 64 s.
const PAUSE_DOUBLINGS_MAX: u32 = 7;

/// Number of previews in progress for each host. Has at most one entry per preview in progress.
#[derive(Default)]
pub(super) struct Hosts(Mutex<HashMap<String, usize>>);

/// One of the [`PREVIEWS_PER_HOST_MAX`] places of a host. Dropping it frees the place.
struct Place<'a> {
    hosts: &'a Hosts,
    host: String,
}

impl Hosts {
    /// `None` if the host is busy.
    fn enter(&self, host: &str) -> Option<Place<'_>> {
        let mut hosts = self.0.lock();
        let number = hosts.entry(host.to_owned()).or_default();
        if *number >= PREVIEWS_PER_HOST_MAX {
            return None;
        }
        *number += 1;
        let host = host.to_owned();
        Some(Place { hosts: self, host })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut hosts = self.hosts.0.lock();
        if let Some(number) = hosts.get_mut(&self.host) {
            *number -= 1;
            if *number == 0 {
                hosts.remove(&self.host);
            }
        }
    }
}

/// The result of looking up a link.
enum Found {
    /// The link is being fetched or its host is busy: try again later.
    Later,
    /// There is nothing to show.
    Nothing,
    /// The card, and the folder of its files.
    Card(LinkCard, MediaId),
}

impl Media {
    /// The preview to make for the first link of a text. `None` if the text has no link that can be fetched, or if this
    /// server makes no previews.
    pub(crate) async fn new_preview(
        &self,
        author: PersonId,
        text: &str,
    ) -> ServiceResult<Option<NewPreview>> {
        let engine = self.shared.engine.get();
        if engine.is_none_or(|engine| engine.fetcher.is_none()) {
            return Ok(None);
        }
        let url = first_link(text).filter(|url| normalized(url).is_ok());
        let Some(url) = url else {
            return Ok(None);
        };
        let id = MediaId::of_owner(author, self.core.next_id().await?);
        Ok(Some(NewPreview { id, url }))
    }

    /// Claims previews and makes them, a bounded number at once.
    pub(super) async fn make_previews(&self) {
        let mut tick = interval(self.core.settings.media.poll_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut running = JoinSet::new();
        while !self.core.stopping.is_cancelled() {
            if running.len() < PREVIEWS_AT_ONCE_MAX
                && let Some(task) = self.claimed_preview().await
            {
                let this = self.clone();
                running.spawn(async move { this.work_on_preview(&task).await });
                continue;
            }
            tokio::select! {
                () = self.core.stopping.cancelled() => {}
                Some(ended) = running.join_next() => propagate_panic(ended),
                () = self.shared.previews_due.notified() => {}
                _ = tick.tick() => {}
            }
        }
        // Unfinished work is due again when its claim expires.
        let _ended = timeout(STOP_GRACE, running.join_all()).await;
    }

    async fn claimed_preview(&self) -> Option<PreviewTask> {
        let now = self.core.now();
        let until = now.plus(self.core.settings.media.claim);
        let claimed = self.core.store.claim_preview(now, until).await;
        claimed.unwrap_or_else(|error| {
            tracing::warn!(%error, "link previews could not be claimed: they are tried again soon");
            None
        })
    }

    async fn work_on_preview(&self, task: &PreviewTask) {
        if let Err(error) = self.preview(task).await {
            tracing::warn!(%error, preview = %task.preview, "the preview of a link could not be made: it is due again when its claim expires");
        }
    }

    async fn preview(&self, task: &PreviewTask) -> ServiceResult<()> {
        let engine = self.engine()?;
        let PreviewWork::Make { url, created_at } = &task.work else {
            engine.storage.delete_all(folder(task.preview)).await?;
            return Ok(self.core.store.forget_preview(task.preview).await?);
        };
        let result = match self.found(engine, url, *created_at).await? {
            Found::Later => return self.postpone(task).await,
            Found::Nothing => None,
            Found::Card(card, from) => {
                if !copy(engine, card.picture.as_ref(), from, task.preview).await? {
                    return self.postpone(task).await;
                }
                Some(StoryLink {
                    url: url.clone(),
                    folder: task.preview,
                    card,
                })
            }
        };
        self.finish_preview(engine, task, result).await
    }

    async fn finish_preview(
        &self,
        engine: &MediaEngine,
        task: &PreviewTask,
        result: Option<StoryLink>,
    ) -> ServiceResult<()> {
        let (preview, store) = (task.preview, &self.core.store);
        let answer = store.finish_preview(preview, task.attempt, result).await;
        let at = position_of(&answer);
        match answer?.value {
            Some(story) => self.core.invalidate(at, [Change::Story(story)]).await,
            // The story may have been deleted, and the files removed, before the last of them was stored.
            None if store.known_folders(&[preview]).await?.is_empty() => {
                engine.storage.delete_all(folder(preview)).await?;
            }
            None => {}
        }
        Ok(())
    }

    async fn postpone(&self, task: &PreviewTask) -> ServiceResult<()> {
        let doublings = task.attempt.saturating_sub(1).min(PAUSE_DOUBLINGS_MAX);
        let due_at = self.core.now().plus(PAUSE_FIRST * (1 << doublings));
        let store = &self.core.store;
        let postponed = store.postpone_preview(task.preview, task.attempt, due_at);
        Ok(postponed.await?)
    }

    async fn found(
        &self,
        engine: &MediaEngine,
        url: &str,
        created_at: Timestamp,
    ) -> ServiceResult<Found> {
        let now = self.core.now();
        let (Some(fetcher), Ok(link)) = (&engine.fetcher, normalized(url)) else {
            return Ok(Found::Nothing);
        };
        if created_at.plus(PREVIEW_AGE_MAX) < now {
            return Ok(Found::Nothing);
        }
        let Some(_place) = self.shared.hosts.enter(link.host_str().unwrap_or_default()) else {
            return Ok(Found::Later);
        };
        let claim = LinkClaim {
            key: Sha256::digest(link.as_str()).into(),
            folder: MediaId::from_u64(self.core.next_id().await?.lowest().as_u64()),
            now,
            until: now.plus(self.core.settings.media.claim),
        };
        match self.core.store.claim_link(claim).await? {
            LinkState::Fetching => Ok(Found::Later),
            LinkState::Fetched { folder, card } => Ok(found(card, folder)),
            LinkState::Claimed { replaced } => {
                let fetched = fetcher.preview(link.as_str()).await;
                let fetched = self.record_link(engine, claim, fetched).await?;
                if let Some(replaced) = replaced {
                    engine.storage.delete_all(folder(replaced)).await?;
                }
                Ok(fetched)
            }
        }
    }

    /// Records the result of a fetch for all stories.
    async fn record_link(
        &self,
        engine: &MediaEngine,
        claim: LinkClaim,
        fetched: Result<Preview, FetchError>,
    ) -> ServiceResult<Found> {
        let result = label(&fetched);
        metrics::counter!("sosik_link_fetches_total", "result" => result).increment(1);
        let card = match fetched {
            Ok(preview) => Some(card(engine, claim.folder, preview).await?),
            Err(_counted) => None,
        };
        let recorded = self.core.store.finish_link(LinkResult {
            key: claim.key,
            folder: claim.folder,
            card: card.clone(),
            until: self.core.now().plus(LINK_USED_FOR),
        });
        if !recorded.await? {
            engine.storage.delete_all(folder(claim.folder)).await?;
            return Ok(Found::Later);
        }
        Ok(found(card, claim.folder))
    }

    /// Removes the files and the rows of all links whose results are not used any more.
    pub(super) async fn sweep_links(&self) -> ServiceResult<()> {
        while !self.core.stopping.is_cancelled() && self.sweep_some_links().await? {}
        Ok(())
    }

    /// Returns true if there may be more.
    async fn sweep_some_links(&self) -> ServiceResult<bool> {
        let (store, storage) = (&self.core.store, &self.engine()?.storage);
        let before = self.core.now().minus(LINK_KEPT_FOR);
        let expired = store.expired_links(before, LINKS_LISTED_MAX).await?;
        let is_full = expired.len() == LINKS_LISTED_MAX as usize;
        for link in expired {
            storage.delete_all(folder(link.folder)).await?;
            store.forget_link(link).await?;
        }
        Ok(is_full)
    }
}

/// Passes on the panic of a preview, so that the supervisor of the task handles it.
fn propagate_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

fn found(card: Option<LinkCard>, folder: MediaId) -> Found {
    card.map_or(Found::Nothing, |card| Found::Card(card, folder))
}

/// The value of the label `result`.
fn label(fetched: &Result<Preview, FetchError>) -> &'static str {
    match fetched {
        Ok(_) => "card",
        Err(FetchError::BadLink(_) | FetchError::NotPublic) => "refused",
        Err(FetchError::Unreachable) => "unreachable",
        Err(FetchError::Unreadable | FetchError::TooLarge) => "unreadable",
        Err(FetchError::TooManyRedirects) => "redirects",
        Err(FetchError::Status(_)) => "status",
        Err(FetchError::WrongType) => "no_page",
        Err(FetchError::TooSlow) => "slow",
    }
}

/// The card of a page, with the files of its picture. A picture that cannot be decoded is left out.
async fn card(
    engine: &MediaEngine,
    folder: MediaId,
    Preview { page, picture }: Preview,
) -> ServiceResult<LinkCard> {
    let picture = match picture {
        Some(file) => {
            let photo = engine.workers.photo(Input::Bytes(file), Purpose::Card);
            photo.await.ok()
        }
        None => None,
    };
    let picture = match picture {
        Some(photo) => match keep(engine, folder, photo).await? {
            Processed::Ready { facts, .. } => Some(facts),
            Processed::Failed(_) => None,
        },
        None => None,
    };
    Ok(LinkCard {
        title: page.title,
        description: page.description,
        site: page.site,
        picture,
    })
}

/// Copies the files of a picture. Returns whether they were still there.
async fn copy(
    engine: &MediaEngine,
    picture: Option<&MediaFacts>,
    from: MediaId,
    to: MediaId,
) -> ServiceResult<bool> {
    let files = picture.into_iter().flat_map(MediaFacts::files);
    for (name, ending) in files.filter_map(named) {
        let Some(file) = engine.storage.get(folder(from), &name).await? else {
            return Ok(false);
        };
        engine.storage.put(folder(to), file, ending).await?;
    }
    Ok(true)
}

fn named(file: &str) -> Option<(Name, &str)> {
    let (_, ending) = file.rsplit_once('.')?;
    Some((Name::parse(file)?, ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_few_places_and_leaves_nothing_when_all_are_given_back() {
        let hosts = Hosts::default();
        let places: Vec<_> = (0..PREVIEWS_PER_HOST_MAX)
            .map(|_| hosts.enter("news.example"))
            .collect();
        assert!(places.iter().all(Option::is_some));
        assert!(hosts.enter("news.example").is_none());
        assert!(hosts.enter("other.example").is_some());
        drop(places);
        assert!(hosts.0.lock().is_empty());
        assert!(hosts.enter("news.example").is_some());
    }
}
