//! Filling a store with a world: people, what they are to each other, and four weeks of stories.
//!
//! The world itself is computed in [`sosik_load::world`], or its friendships come from an edge list. Every step is one
//! transaction that follows from the world and its number alone, so a filling that was killed goes on with the first
//! step that is not there, and one that is finished changes nothing. Which world a store holds stands in the bio of its
//! first person ([`WorldManifest`]).
//!
//! Ids: people have those of the first seconds of 2024, in the order of their numbers, so nothing has to be remembered
//! about them and rows come in the order of the keys; their buckets take turns. Stories have those of the moments they
//! were told at. Both are made under the node number of imports, and none by the generator of this process.

mod friends;
mod listed;
mod manifest;
mod people;
mod shapes;
mod steps;
mod stories;

pub use self::listed::Listed;
pub use self::manifest::WorldManifest;
pub use self::shapes::{PEOPLE_DESCRIBED_MAX, describe};

use std::sync::Arc;

use serde::Serialize;
use sosik_feed::id::{SEQUENCES, node_of_imports};
use sosik_feed::{Bucket, PersonId, Timestamp, UnownedId};
use sosik_load::world::{StoryGenerator, World};
use sosik_service::Service;

use crate::Watch;

/// What to fill a store with.
pub enum Source {
    /// Computed.
    Generated(Arc<World>),
    /// From an edge list.
    Listed(Listed),
}

/// A store that is being filled.
pub struct Fill {
    service: Service,
    source: Source,
    manifest: WorldManifest,
    watch: Watch,
}

/// What was made now and how long it took: a second run makes nothing.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Part {
    /// Made now.
    pub new: u64,
    /// Of this part.
    pub seconds: f64,
}

/// All of it.
#[derive(Debug, Default, Serialize)]
pub struct Filled {
    /// People.
    pub people: Part,
    /// Friendships.
    pub friendships: Part,
    /// Follows.
    pub follows: Part,
    /// Stories.
    pub stories: Part,
}

impl Source {
    /// How many people it has.
    pub fn people(&self) -> u32 {
        match self {
            Self::Generated(world) => world.people(),
            Self::Listed(list) => list.people(),
        }
    }
}

impl Fill {
    /// Signs the store as one of this world.
    ///
    /// # Errors
    /// When the store holds people of no world or of another one, or fails.
    pub async fn begin(
        service: Service,
        source: Source,
        manifest: WorldManifest,
        password: &str,
        watch: Watch,
    ) -> anyhow::Result<Self> {
        let mut fill = Self {
            service,
            source,
            manifest,
            watch,
        };
        fill.manifest = fill.stored_manifest(password).await?;
        Ok(fill)
    }

    /// Fills the store, and tells each part when it is done.
    ///
    /// # Errors
    /// When the store fails, or an edge list cannot be read. What was filled before stays.
    pub async fn run(&self, password: &str) -> anyhow::Result<Filled> {
        let people = self.timed("people", self.fill_people(password)).await?;
        let (friendships, follows) = match &self.source {
            Source::Generated(world) => (
                self.timed("friendships", self.fill_friends(world)).await?,
                self.timed("follows", self.fill_follows(world)).await?,
            ),
            Source::Listed(list) => (
                self.timed("friendships", self.fill_list(list)).await?,
                Part::default(),
            ),
        };
        let stories = self.timed("stories", self.fill_stories()).await?;
        Ok(Filled {
            people,
            friendships,
            follows,
            stories,
        })
    }

    async fn timed(
        &self,
        what: &str,
        work: impl Future<Output = anyhow::Result<Part>>,
    ) -> anyhow::Result<Part> {
        let begin = self.service.clock().monotonic();
        let mut part = work.await?;
        part.seconds = (self.service.clock().monotonic() - begin).as_secs_f64();
        (self.watch.note)(&format!(
            "{what}: {} new in {:.1} s\n",
            part.new, part.seconds
        ));
        Ok(part)
    }

    /// What the handle of a person has behind `person`.
    fn number(&self, person: u32) -> u64 {
        match &self.source {
            Source::Generated(_) => person.into(),
            Source::Listed(list) => list.number(person),
        }
    }

    fn id(&self, person: u32) -> PersonId {
        id_of(person, self.node())
    }

    fn node(&self) -> u16 {
        node_of_imports(self.service.settings().node.region)
    }

    fn generator(&self) -> StoryGenerator {
        let stars = match &self.source {
            Source::Generated(world) => world.stars(),
            Source::Listed(_) => &[],
        };
        let people = self.source.people();
        StoryGenerator::of(
            people,
            self.manifest.seed,
            stars,
            self.manifest.stories_per_person,
        )
    }

    fn until(&self) -> Timestamp {
        self.manifest.until
    }
}

impl Part {
    fn of(new: u64) -> Self {
        Self { new, seconds: 0.0 }
    }
}

/// In the order of the numbers of people, and without a hole.
fn id_of(person: u32, node: u16) -> PersonId {
    let sequences = u32::from(SEQUENCES);
    let sequence = u16::try_from(person % sequences).unwrap_or_default();
    let millis = person / sequences;
    let id = UnownedId::from_fields(millis.into(), node, sequence);
    PersonId::in_bucket(Bucket::nth(person.into()), id)
}
