//! Pictures of the town: photos in stories, and avatars.
//! They are drawn while the demo runs, because drawing them takes minutes and the demo must start at once. Each picture
//! is uploaded through the service, as a client does, and the next one starts when it is processed. So an upload of a
//! visitor waits for at most two of them. Where `ffmpeg` is installed, some of the pictures become videos.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use foldhash::HashSet;
use sosik_feed::{Audience, MediaId, PersonId, StoryId};
use sosik_pictures::{Picture, Subject, draw_face};
use sosik_service::{Service, ServiceError};
use sosik_store::{MediaRecord, MediaState, NewAttachment};
use sosik_town::{Topic, Town};
use tokio::time::timeout;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::film::film;

/// Percentage of stories that have photos.
const PICTURED_PERCENT: u64 = 33;

/// Maximum number of past stories with photos: the newest that visitors see. They take about two minutes of one processor
/// and 60 MiB.
const PAST_MAX: usize = 200;

/// Maximum number of new stories with photos in one run. A demo that runs for days must not fill the disk.
pub(super) const NEW_MAX: usize = 500;

/// Maximum number of friends of the hosts who get a face.
const FACES_MAX: usize = 60;

/// Past stories that get photos before the friends of the hosts get faces.
const FIRST: usize = 20;

/// Percentages of the stories with photos that have at least two, three and four.
const MORE_PHOTOS: [u64; 3] = [45, 20, 8];

/// One in this many past stories with photos has a video instead.
const FILMED_EVERY: usize = 10;

/// Place of that story among them. It is small, so that a video appears in the first minute.
const FILMED_PLACE: usize = 1;

/// Interval between checks whether an upload is processed, and the maximum number of checks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 2_400;

/// What an avatar shows.
#[derive(Debug, Clone, Copy)]
enum Portrait {
    Face(u64),
    Picture(Subject, u64),
}

/// People of the town with their portraits.
type Faces = Vec<(u32, Portrait)>;

/// The avatars of the hosts, the mayor and the celebrities, by handle.
const CAST: [(&str, Portrait); 12] = [
    ("mina", Portrait::Face(7)),
    ("oliver", Portrait::Face(56)),
    ("haruka", Portrait::Face(54)),
    ("mayor_jungho", Portrait::Face(49)),
    ("sodam_daily", Portrait::Picture(Subject::City, 1)),
    ("sodam_fc", Portrait::Picture(Subject::Hills, 1)),
    ("haeon_music", Portrait::Face(1)),
    ("wheatfield_bread", Portrait::Picture(Subject::Food, 2)),
    ("tsubame_ramen", Portrait::Picture(Subject::Food, 1)),
    ("harbour_radio", Portrait::Picture(Subject::Sea, 4)),
    ("starlight_library", Portrait::Picture(Subject::Cat, 6)),
    ("corner_cinema", Portrait::Picture(Subject::City, 5)),
];

/// A past story that gets photos.
#[derive(Debug, Clone, Copy)]
pub(super) struct PastWish {
    story: StoryId,
    author: u32,
    topic: Option<Topic>,
}

/// The newest past stories that get photos.
#[derive(Debug, Default)]
pub struct Wishes {
    /// People whose stories a visitor sees in the feed of a host.
    near: HashSet<u32>,
    /// The newest last. At most [`PAST_MAX`].
    past: VecDeque<PastWish>,
}

impl Wishes {
    pub(super) fn of(town: &Town) -> Self {
        let hosts = town.hosts();
        let near = hosts
            .clone()
            .flat_map(|host| town.friends_of(host).iter().copied());
        Self {
            near: near.chain(hosts).collect(),
            past: VecDeque::new(),
        }
    }

    /// Adds a story if visitors see it and its seed gives it photos. It must be newer than all stories before.
    pub(super) fn consider(
        &mut self,
        story: StoryId,
        author: u32,
        topic: Option<Topic>,
        audience: Audience,
    ) {
        let is_seen = audience == Audience::Public || self.near.contains(&author);
        if !is_seen || !has_photos(story.as_u64()) {
            return;
        }
        if self.past.len() == PAST_MAX {
            self.past.pop_front();
        }
        self.past.push_back(PastWish {
            story,
            author,
            topic,
        });
    }
}

/// Draws and uploads pictures for the people of the town. Cheap to clone.
#[derive(Clone)]
pub struct Artist {
    service: Service,
    town: Arc<Town>,
    people: Arc<[PersonId]>,
}

impl Artist {
    /// An artist for the people of the town, in the order of [`Town::people`].
    #[must_use]
    pub fn new(service: Service, town: Arc<Town>, people: Vec<PersonId>) -> Self {
        Self {
            service,
            town,
            people: people.into(),
        }
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    pub(super) fn town(&self) -> &Arc<Town> {
        &self.town
    }

    pub(super) fn person(&self, number: u32) -> PersonId {
        self.people[number as usize]
    }

    /// Adds avatars for the cast and photos to the newest past stories, then does the same for more people and stories.
    /// Ends when all are done, when the service stops, or at once if the service takes no photos.
    pub async fn illustrate(self, wishes: Wishes) {
        if self.service.media().is_on()
            && let Err(error) = self.illustrate_all(wishes).await
            && !self.service.stopping().is_cancelled()
        {
            tracing::warn!(
                error = format!("{error:#}"),
                "the town gets no more pictures"
            );
        }
    }

    async fn illustrate_all(&self, wishes: Wishes) -> anyhow::Result<()> {
        let mut past = (0..).zip(wishes.past.into_iter().rev());
        let mut films = self.service.media().ffmpeg().is_some();
        let (cast, others) = self.faces(&wishes.near);
        self.show_faces(cast).await?;
        self.add_photos(past.by_ref().take(FIRST), &mut films)
            .await?;
        self.show_faces(others).await?;
        self.add_photos(past, &mut films).await
    }

    /// The avatars of the cast, and of the friends of the hosts.
    fn faces(&self, near: &HashSet<u32>) -> (Faces, Faces) {
        let (mut cast, mut others) = (Vec::new(), Vec::new());
        for (person, resident) in (0..).zip(self.town.people()) {
            let handle = resident.handle.as_str();
            match CAST.iter().find(|(known, _)| *known == handle) {
                Some((_, portrait)) => cast.push((person, *portrait)),
                None if others.len() < FACES_MAX && near.contains(&person) => {
                    let seed = xxh3_64(handle.as_bytes());
                    others.push((person, Portrait::Face(seed)));
                }
                None => {}
            }
        }
        (cast, others)
    }

    async fn show_faces(&self, faces: Faces) -> anyhow::Result<()> {
        for (number, portrait) in faces {
            let person = self.person(number);
            let me = self.service.people().me(person).await?;
            if me.person.record.avatar.is_some() {
                continue;
            }
            let file = drawn(portrait).await?;
            let media = self.service.media();
            let upload = media.change_avatar(person, file).await?;
            self.wait_for(person, &upload).await?;
        }
        Ok(())
    }

    /// Adds photos or a video to stories, each with its number among all. A video that fails sets `films` to false, and
    /// all later stories get photos.
    async fn add_photos(
        &self,
        past: impl Iterator<Item = (usize, PastWish)>,
        films: &mut bool,
    ) -> anyhow::Result<()> {
        for (number, wish) in past {
            let PastWish {
                story,
                author,
                topic,
            } = wish;
            let seed = story.as_u64();
            let mut film = None;
            if *films && number % FILMED_EVERY == FILMED_PLACE {
                film = self.upload_film(author, seed, topic).await?;
                *films = film.is_some();
            }
            let attachments = match film {
                Some(film) => vec![film],
                None => self.upload(author, seed, topic).await?,
            };
            let person = self.person(author);
            let media = self.service.media();
            // A story that a visitor deleted or gave a photo stays as it is. The uploads are deleted later.
            media.attach_to_filled(person, story, attachments).await?;
        }
        Ok(())
    }

    /// Draws and uploads the photos of a story.
    pub(super) async fn upload(
        &self,
        author: u32,
        seed: u64,
        topic: Option<Topic>,
    ) -> anyhow::Result<Vec<NewAttachment>> {
        let mut attachments = Vec::new();
        for photo in photos(seed, topic) {
            let file = drawn(Portrait::Picture(photo.0, photo.1)).await?;
            attachments.push(self.attachment(author, photo, file).await?);
        }
        Ok(attachments)
    }

    /// Uploads a video of the first photo of a story. `None` if this machine cannot make it.
    async fn upload_film(
        &self,
        author: u32,
        seed: u64,
        topic: Option<Topic>,
    ) -> anyhow::Result<Option<NewAttachment>> {
        let filmed = self.try_film(author, seed, topic).await;
        match filmed {
            Err(error) if !self.service.stopping().is_cancelled() => {
                let error = format!("{error:#}");
                tracing::warn!(error, "the stories of the demo have photos and no videos");
                Ok(None)
            }
            other => other,
        }
    }

    async fn try_film(
        &self,
        author: u32,
        seed: u64,
        topic: Option<Topic>,
    ) -> anyhow::Result<Option<NewAttachment>> {
        let (Some(photo), Some(ffmpeg)) = (
            photos(seed, topic).first().copied(),
            self.service.media().ffmpeg(),
        ) else {
            return Ok(None);
        };
        let file = drawn(Portrait::Picture(photo.0, photo.1)).await?;
        let film = tokio::select! {
            film = film(ffmpeg.path(), &file) => film?,
            () = self.service.stopping().cancelled() => anyhow::bail!("the service stops"),
        };
        self.attachment(author, photo, film).await.map(Some)
    }

    /// Uploads a file that shows this photo.
    async fn attachment(
        &self,
        author: u32,
        (subject, seed): (Subject, u64),
        file: Bytes,
    ) -> anyhow::Result<NewAttachment> {
        let (owner, resident) = (self.person(author), &self.town.people()[author as usize]);
        let upload = self.service.media().upload(owner, file).await?;
        let state = self.wait_for(owner, &upload).await?;
        ensure!(
            state != Some(MediaState::Failed),
            "a picture cannot be processed"
        );
        Ok(NewAttachment {
            media: upload.id,
            alt: Picture::new(subject, seed).alt(resident.language),
        })
    }

    /// Waits until an upload is processed. `None` if it is gone.
    async fn wait_for(
        &self,
        owner: PersonId,
        upload: &MediaRecord,
    ) -> anyhow::Result<Option<MediaState>> {
        for _ in 0..LOOKS_MAX {
            let stopping = self.service.stopping();
            if timeout(LOOK_EVERY, stopping.cancelled()).await.is_ok() {
                anyhow::bail!("the service stops");
            }
            let state = self.state(owner, upload.id).await?;
            if state != Some(MediaState::Processing) {
                return Ok(state);
            }
        }
        anyhow::bail!("a picture was not processed in time")
    }

    async fn state(&self, owner: PersonId, media: MediaId) -> anyhow::Result<Option<MediaState>> {
        match self.service.media().show(owner, media).await {
            Ok(found) => Ok(Some(found.state)),
            // A visitor may have replaced or removed the avatar meanwhile.
            Err(ServiceError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether the story of this seed has photos.
pub(super) fn has_photos(seed: u64) -> bool {
    roll(seed, 0) % 100 < PICTURED_PERCENT
}

/// The subject and the seed of each photo of a story.
fn photos(seed: u64, topic: Option<Topic>) -> Vec<(Subject, u64)> {
    let more = MORE_PHOTOS
        .iter()
        .filter(|share| roll(seed, 1) % 100 < **share);
    let subjects = subjects(topic);
    (0..=more.count() as u64)
        .map(|number| {
            let drawn = roll(seed, 2 + number);
            let place = drawn % subjects.len().max(1) as u64;
            let place = usize::try_from(place).unwrap_or_default();
            (subjects[place], drawn)
        })
        .collect()
}

/// The subjects that fit a topic.
const fn subjects(topic: Option<Topic>) -> &'static [Subject] {
    use Subject::{Cat, City, Food, Hills, Sea};
    match topic {
        Some(Topic::Food | Topic::Market) => &[Food],
        Some(Topic::Pets) => &[Cat],
        Some(Topic::Trips | Topic::Weather | Topic::Exercise) => &[Sea, Hills],
        Some(Topic::Commute | Topic::Work | Topic::Festival | Topic::Culture | Topic::Football) => {
            &[City]
        }
        Some(Topic::Home | Topic::Study) => &[Cat, Food],
        Some(Topic::Family | Topic::Thanks) => &[Food, Sea, Hills],
        Some(Topic::Questions) | None => &[City, Hills, Sea],
    }
}

/// A random number from a seed, different for each purpose.
pub(super) fn roll(seed: u64, purpose: u64) -> u64 {
    xxh3_64_with_seed(&seed.to_le_bytes(), purpose)
}

/// Draws a portrait on a blocking thread.
async fn drawn(portrait: Portrait) -> anyhow::Result<Bytes> {
    let draw = move || match portrait {
        Portrait::Face(seed) => draw_face(seed),
        Portrait::Picture(subject, seed) => Picture::new(subject, seed).draw(),
    };
    let file = tokio::task::spawn_blocking(draw).await?;
    Ok(file.context("draw a picture")?.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sosik_feed::people::Language;

    use super::*;

    #[test]
    fn a_third_of_the_stories_have_one_to_four_photos() {
        let pictured: Vec<u64> = (0..3_000).filter(|seed| has_photos(*seed)).collect();
        assert!((900..1_100).contains(&pictured.len()), "{}", pictured.len());
        let mut numbers = BTreeMap::<usize, usize>::new();
        for seed in pictured {
            *numbers.entry(photos(seed, None).len()).or_default() += 1;
        }
        assert_eq!(numbers.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(
            numbers[&1] > numbers[&2] && numbers[&2] > numbers[&4],
            "{numbers:?}"
        );
    }

    #[test]
    fn every_member_of_the_cast_has_a_picture_that_fits() {
        let town = Town::generate(1, 2_000);
        let handles: Vec<_> = town.people().iter().map(|it| it.handle.as_str()).collect();
        for (handle, portrait) in CAST {
            assert!(handles.contains(&handle), "{handle}");
            let word = match handle {
                "tsubame_ramen" => "ramen",
                "wheatfield_bread" => "Pancakes",
                "harbour_radio" => "lighthouse",
                _ => continue,
            };
            let Portrait::Picture(subject, seed) = portrait else {
                panic!("{handle} has a face");
            };
            let alt = Picture::new(subject, seed).alt(Language::En);
            assert!(alt.contains(word), "{handle}: {alt}");
        }
    }

    #[test]
    fn only_the_newest_stories_that_visitors_see_are_kept() {
        let town = Town::generate(1, 50);
        let mut wishes = Wishes::of(&town);
        let far = (0..50).find(|person| !wishes.near.contains(person));
        for number in 0..3_000 {
            let (story, author) = (StoryId::from_u64(number), town.hosts().start);
            wishes.consider(story, author, None, Audience::Friends);
        }
        assert_eq!(wishes.past.len(), PAST_MAX);
        let newest = (0..3_000).rev().find(|number| has_photos(*number)).unwrap();
        assert_eq!(wishes.past.back().unwrap().story.as_u64(), newest);
        if let Some(far) = far {
            let before = wishes.past.back().unwrap().story;
            for number in 3_000..3_020 {
                let story = StoryId::from_u64(number);
                wishes.consider(story, far, None, Audience::Friends);
            }
            assert_eq!(wishes.past.back().unwrap().story, before);
        }
    }
}
