//! People of the town go on posting, commenting and liking, through the service like everybody.
//!
//! They also answer what somebody posts who has logged in as a host: their stories are noticed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{Audience, PersonId, StoryId, Visibility};
use sosik_service::stories::post::PostRequest;
use sosik_service::{Service, ServiceError, ServiceResult};
use sosik_town::{Act, Life, StoryKey, Town};
use tokio::time::timeout;

/// Stories that people still react to: as many as the town remembers, and some more.
const REMEMBERED_MAX: usize = 256;
/// New stories of one host looked at between two acts.
const NOTICED_MAX: u32 = 5;

/// Lets life go on until the service stops, one act every `pace` on average.
pub async fn simulate(service: Service, town: Arc<Town>, people: Vec<PersonId>, pace: Duration) {
    let seed = service.clock().now().as_millis();
    let mut simulation = Simulation {
        life: Life::begin(Arc::clone(&town), seed),
        service: service.clone(),
        told: VecDeque::new(),
        hosts: town
            .hosts()
            .map(|host| (host, StoryId::default()))
            .collect(),
        people,
    };
    if let Err(error) = simulation.look_at_hosts(|_, _, _| {}).await {
        tracing::warn!(%error, "the stories of the hosts cannot be read");
    }
    loop {
        let pause = simulation.life.pause(pace);
        if timeout(pause, service.stopping().cancelled()).await.is_ok() {
            return;
        }
        match simulation.step().await {
            // The one who acts was blocked, or the story deleted, by whoever plays with the demo.
            Ok(()) | Err(ServiceError::NotFound(_)) => {}
            Err(_) if service.stopping().is_cancelled() => return,
            Err(error) => tracing::warn!(%error, "somebody of the town could not act"),
        }
    }
}

struct Simulation {
    life: Life,
    service: Service,
    people: Vec<PersonId>,
    /// What the stories of the town became in the store; the newest last.
    told: VecDeque<(StoryKey, StoryId)>,
    /// The newest story of each host that was looked at.
    hosts: Vec<(u32, StoryId)>,
}

impl Simulation {
    async fn step(&mut self) -> ServiceResult<()> {
        self.look_at_hosts(|simulation, host, (story, audience)| {
            let told = simulation.life.notice(host, audience);
            simulation.remember(told, story);
        })
        .await?;
        let act = self.life.next_act(self.service.clock().now());
        self.perform(act).await
    }

    async fn perform(&mut self, act: Act) -> ServiceResult<()> {
        match act {
            Act::Post {
                story,
                author,
                text,
                audience,
            } => {
                let request = PostRequest {
                    text,
                    audience,
                    idempotency_key: None,
                };
                let posted = self
                    .service
                    .post(self.people[author as usize], request)
                    .await?;
                self.remember(story, posted.story.record.id);
            }
            Act::Comment {
                story,
                author,
                text,
            } => {
                if let Some(story) = self.story(story) {
                    self.service
                        .comment(self.people[author as usize], story, &text, None)
                        .await?;
                }
            }
            Act::Like { story, person } => {
                if let Some(story) = self.story(story) {
                    self.service
                        .like(self.people[person as usize], story)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Tells of the stories that hosts have posted since the last look, but not of those that the town made them post.
    async fn look_at_hosts(
        &mut self,
        mut tell: impl FnMut(&mut Self, u32, (StoryId, Audience)),
    ) -> ServiceResult<()> {
        for place in 0..self.hosts.len() {
            let (host, seen) = self.hosts[place];
            let person = self.people[host as usize];
            let store = Arc::clone(self.service.store());
            let mut newest = store
                .stories_of(person, Visibility::Everything, None, NOTICED_MAX)
                .await?;
            newest.retain(|story| *story > seen && self.told.iter().all(|(_, told)| told != story));
            let Some(last) = newest.first().copied() else {
                continue;
            };
            self.hosts[place].1 = last;
            for story in store.stories(&newest).await? {
                tell(self, host, (story.id, story.audience));
            }
        }
        Ok(())
    }

    fn remember(&mut self, told: StoryKey, story: StoryId) {
        if self.told.len() == REMEMBERED_MAX {
            self.told.pop_front();
        }
        self.told.push_back((told, story));
    }

    fn story(&self, told: StoryKey) -> Option<StoryId> {
        self.told
            .iter()
            .rev()
            .find(|(known, _)| *known == told)
            .map(|(_, story)| *story)
    }
}
