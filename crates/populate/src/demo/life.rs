//! Simulates people of the town who post, comment and like. They use the service like any other client.
//!
//! They also react to stories that a user posts while logged in as a host.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{Audience, RuleBroken, StoryId, Visibility};
use sosik_service::stories::{AttachRequest, PostRequest};
use sosik_service::{Service, ServiceError, ServiceResult};
use sosik_store::NewAttachment;
use sosik_town::{Act, Life, StoryKey, Topic};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::pictures::{Artist, NEW_MAX, has_photos, roll};
use super::sites::{SITES, Site};

/// Maximum number of stories that people still react to. Larger than the town's own list of recent stories.
const REMEMBERED_MAX: usize = 256;
/// Maximum number of new stories per host that are read before each act.
const NOTICED_MAX: u32 = 5;

/// Maximum number of stories whose photos are being drawn. Further stories have no photos until one of these is posted.
const DRAWN_MAX: usize = 1;

/// Acts before somebody links to the first web site of the town, and between two links.
const ACTS_PER_LINK: u64 = 6;

/// Runs the simulation until the service stops. On average one act takes place per `pace`.
pub async fn simulate(artist: Artist, pace: Duration) {
    let service = artist.service().clone();
    let town = Arc::clone(artist.town());
    let seed = service.clock().now().as_millis();
    let mut simulation = Simulation {
        life: Life::begin(Arc::clone(&town), seed),
        service: service.clone(),
        seed,
        acts: 0,
        posted: 0,
        pictured_left: NEW_MAX,
        drawn: JoinSet::new(),
        told: VecDeque::new(),
        hosts: town
            .hosts()
            .map(|host| (host, StoryId::default()))
            .collect(),
        artist,
    };
    if let Err(error) = simulation.look_at_hosts(|_, _, _| {}).await {
        tracing::warn!(%error, "could not read the stories of the hosts");
    }
    loop {
        let pause = simulation.life.pause(pace);
        if timeout(pause, service.stopping().cancelled()).await.is_ok() {
            return;
        }
        match simulation.step().await {
            // A user of the demo has blocked the actor, deleted the story or limited who may comment.
            Ok(())
            | Err(ServiceError::NotFound(_))
            | Err(ServiceError::RuleBroken(RuleBroken::CommentsLimited)) => {}
            Err(_) if service.stopping().is_cancelled() => return,
            Err(error) => tracing::warn!(%error, "a simulated act failed"),
        }
    }
}

/// A story of the town, and the same in the store.
type Told = (StoryKey, StoryId);

struct Simulation {
    life: Life,
    service: Service,
    artist: Artist,
    seed: u64,
    acts: u64,
    posted: u64,
    /// How many more stories may have photos in this run.
    pictured_left: usize,
    /// Stories whose photos are being drawn. This takes up to minutes on a busy machine, and the town goes on meanwhile.
    drawn: JoinSet<ServiceResult<Told>>,
    /// Maps stories of the town to stories in the store. The newest is last.
    told: VecDeque<Told>,
    /// For each host, the newest story that was read.
    hosts: Vec<(u32, StoryId)>,
}

impl Simulation {
    async fn step(&mut self) -> ServiceResult<()> {
        self.look_at_hosts(|simulation, host, (story, audience)| {
            let told = simulation.life.notice(host, audience);
            simulation.remember((told, story));
        })
        .await?;
        while let Some(posted) = self.drawn.try_join_next() {
            // A panic is logged, and costs one story.
            if let Ok(told) = posted {
                self.remember(told?);
            }
        }
        self.acts += 1;
        if let Some(site) = site_after(self.acts) {
            return self.link_to(site).await;
        }
        let act = self.life.next_act(self.service.clock().now());
        self.perform(act).await
    }

    /// Posts a story with a link to a web site of the town. In a town that is kept, a restart repeats no such story of
    /// the last hours.
    async fn link_to(&mut self, site: &Site) -> ServiceResult<()> {
        let Some(author) = site.author(self.artist.town()) else {
            return Ok(());
        };
        let (text, audience) = (site.story(), Audience::Public);
        let request = PostRequest {
            idempotency_key: Some(format!("demo-{}", site.host())),
            attachments: Vec::new(),
            text,
            audience,
        };
        let author_id = self.artist.person(author);
        let posted = self.service.stories().post(author_id, request).await?;
        let told = self.life.notice(author, audience);
        self.remember((told, posted.story.record.id));
        Ok(())
    }

    async fn perform(&mut self, act: Act) -> ServiceResult<()> {
        match act {
            Act::Post {
                story,
                author,
                text,
                topic,
                audience,
            } => {
                let draft = Draft {
                    story,
                    author,
                    text,
                    topic,
                    audience,
                };
                self.publish(draft).await?;
            }
            Act::Comment {
                story,
                author,
                text,
            } => {
                if let Some(story) = self.story(story) {
                    self.service
                        .comments()
                        .add(self.artist.person(author), story, &text, None)
                        .await?;
                }
            }
            Act::Like { story, person } => {
                if let Some(story) = self.story(story) {
                    self.service
                        .likes()
                        .add(self.artist.person(person), story)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Posts a story: at once, or when its photos are drawn.
    async fn publish(&mut self, draft: Draft) -> ServiceResult<()> {
        let artist = self.artist.clone();
        match self.next_photos() {
            Some(seed) => {
                self.drawn.spawn(async move {
                    let photos = photos(&artist, &draft, seed).await;
                    post(&artist, draft, photos).await
                });
            }
            None => self.remember(post(&artist, draft, Vec::new()).await?),
        }
        Ok(())
    }

    /// The seed of the photos of the next story. `None` if it has no photos.
    fn next_photos(&mut self) -> Option<u64> {
        self.posted += 1;
        let seed = roll(self.seed, self.posted);
        let may_draw =
            self.service.media().is_on() && self.pictured_left > 0 && self.drawn.len() < DRAWN_MAX;
        if !may_draw || !has_photos(seed) {
            return None;
        }
        self.pictured_left -= 1;
        Some(seed)
    }

    /// Calls `tell` for stories that users posted as a host since the last call. Stories that the town posted are
    /// skipped.
    async fn look_at_hosts(
        &mut self,
        mut tell: impl FnMut(&mut Self, u32, (StoryId, Audience)),
    ) -> ServiceResult<()> {
        for place in 0..self.hosts.len() {
            let (host, seen) = self.hosts[place];
            let person = self.artist.person(host);
            let store = Arc::clone(self.service.store());
            let mut newest = store
                .stories_of(person, Visibility::Everything, None, NOTICED_MAX)
                .await?;
            newest.retain(|story| *story > seen && self.told.iter().all(|(_, told)| told != story));
            let Some(last) = newest.first().copied() else {
                continue;
            };
            self.hosts[place].1 = last;
            for story in store
                .stories(&newest, sosik_feed::CommitPosition::LATEST)
                .await?
            {
                tell(self, host, (story.id, story.audience));
            }
        }
        Ok(())
    }

    fn remember(&mut self, told: Told) {
        if self.told.len() == REMEMBERED_MAX {
            self.told.pop_front();
        }
        self.told.push_back(told);
    }

    fn story(&self, told: StoryKey) -> Option<StoryId> {
        self.told
            .iter()
            .rev()
            .find(|(known, _)| *known == told)
            .map(|(_, story)| *story)
    }
}

/// A story before it is posted.
struct Draft {
    story: StoryKey,
    author: u32,
    text: String,
    topic: Option<Topic>,
    audience: Audience,
}

async fn post(
    artist: &Artist,
    draft: Draft,
    attachments: Vec<AttachRequest>,
) -> ServiceResult<Told> {
    let request = PostRequest {
        text: draft.text,
        attachments,
        audience: draft.audience,
        idempotency_key: None,
    };
    let author = artist.person(draft.author);
    let posted = artist.service().stories().post(author, request).await?;
    Ok((draft.story, posted.story.record.id))
}

/// Draws and uploads the photos of a story. After a failure the story is posted without photos, because that is better
/// than no story.
async fn photos(artist: &Artist, draft: &Draft, seed: u64) -> Vec<AttachRequest> {
    match artist.upload(draft.author, seed, draft.topic).await {
        Ok(photos) => photos
            .into_iter()
            .map(|NewAttachment { media, alt }| AttachRequest { media, alt })
            .collect(),
        Err(error) => {
            if !artist.service().stopping().is_cancelled() {
                tracing::warn!(error = format!("{error:#}"), "a story has no photos");
            }
            Vec::new()
        }
    }
}

/// The web site to which somebody links after this number of acts.
fn site_after(acts: u64) -> Option<&'static Site> {
    let place = usize::try_from(acts / ACTS_PER_LINK).ok()?;
    let is_due = acts.is_multiple_of(ACTS_PER_LINK);
    SITES.get(place.checked_sub(1)?).filter(|_site| is_due)
}
