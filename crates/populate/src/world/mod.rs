//! Fills a store with a world: people, their relations, and four weeks of stories.
//!
//! [`sosik_load::world`] generates the world, or its friendships come from an edge list. Every step is one transaction
//! whose rows depend only on the world and the number of the step. So a fill that was killed continues at the first
//! missing step, and a completed fill is idempotent. The bio of the first person identifies the world
//! ([`WorldManifest`]).
//!
//! People have ids of the first seconds of 2024 in the order of their numbers, so their ids can be computed and rows
//! are inserted in key order. Their buckets rotate. Stories have ids of the time they were posted. Both use the node
//! number reserved for imports, never the id generator of this process.

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

use crate::{Target, Watch};

/// The source of the friendships.
pub enum Source {
    /// Generated.
    Generated(Arc<World>),
    /// From an edge list.
    Listed(Listed),
}

/// Fills a store with a world.
pub struct Fill {
    target: Target,
    source: Source,
    manifest: WorldManifest,
    watch: Watch,
}

/// Rows written by this run and the time it took. A second run writes none.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Part {
    /// Rows written by this run.
    pub new: u64,
    /// Time for this part.
    pub seconds: f64,
}

/// The result of a fill.
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
    /// Number of people.
    pub fn people(&self) -> u32 {
        match self {
            Self::Generated(world) => world.people(),
            Self::Listed(list) => list.people(),
        }
    }
}

impl Fill {
    /// Writes the manifest of this world to the store.
    ///
    /// # Errors
    /// When the store contains another world or people of no world, or fails.
    pub async fn begin(
        target: Target,
        source: Source,
        manifest: WorldManifest,
        password: &str,
        watch: Watch,
    ) -> anyhow::Result<Self> {
        let mut fill = Self {
            target,
            source,
            manifest,
            watch,
        };
        fill.manifest = fill.stored_manifest(password).await?;
        Ok(fill)
    }

    /// Fills the store and reports each part when it is complete.
    ///
    /// # Errors
    /// When the store fails or an edge list cannot be read. Rows written before the error stay.
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
        let begin = self.target.service.clock().monotonic();
        let mut part = work.await?;
        part.seconds = (self.target.service.clock().monotonic() - begin).as_secs_f64();
        (self.watch.note)(&format!(
            "{what}: {} new in {:.1} s\n",
            part.new, part.seconds
        ));
        Ok(part)
    }

    /// The number after `person` in a person's handle.
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
        node_of_imports(self.target.service.settings().node.region)
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

/// Ids in the order of the people's numbers, without gaps.
fn id_of(person: u32, node: u16) -> PersonId {
    let sequences = u32::from(SEQUENCES);
    let sequence = u16::try_from(person % sequences).unwrap_or_default();
    let millis = person / sequences;
    let id = UnownedId::from_fields(millis.into(), node, sequence);
    PersonId::in_bucket(Bucket::nth(person.into()), id)
}
