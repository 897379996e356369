//! Fills a store with the town: people, their relations, and weeks of stories.

use std::time::Duration;

use anyhow::Context;
use sosik_feed::people::{Bio, Handle};
use sosik_feed::text::{hashtags, mentions};
use sosik_feed::{CommentId, PersonId, StoryId, Timestamp};
use sosik_store::{NewComment, NewStory};
use sosik_town::{PastStory, Town};

use super::PASSWORD;
use super::ids::PastIds;
use super::pictures::Wishes;
use crate::import::{new_person, set_bios};
use crate::{Target, Watch};

/// People, pairs or stories in one transaction.
const PEOPLE_STEP: usize = 2_000;
const PAIRS_STEP: usize = 5_000;
const STORIES_STEP: usize = 1_000;
/// The oldest friendships of the town are this old.
const TOWN_AGE: Duration = Duration::from_secs(400 * 86_400);
/// Age of the oldest story.
const HISTORY: Duration = Duration::from_secs(28 * 86_400);
/// A like follows its story within this time.
const LIKES_WITHIN: Duration = Duration::from_secs(8 * 3_600);

/// Number of rows written, and the ids of the people.
#[derive(Debug, Default)]
pub struct Filled {
    /// In the order of [`Town::people`].
    pub people: Vec<PersonId>,
    /// Friendships.
    pub friendships: u64,
    /// Follows.
    pub follows: u64,
    /// Stories.
    pub stories: u64,
    /// Comments.
    pub comments: u64,
    /// Likes.
    pub likes: u64,
    /// The stories that get photos.
    pub wishes: Wishes,
}

/// Fills an empty store with the town.
///
/// All people share one password and one hash. Hashing it for each of 2,000 people would take minutes, and the password
/// is not secret.
///
/// # Errors
/// When the store fails.
pub async fn fill(target: &Target, town: &Town, watch: Watch) -> anyhow::Result<Filled> {
    let now = target.service.clock().now();
    let mut filled = Filled {
        wishes: Wishes::of(town),
        ..Filled::default()
    };
    fill_people(target, town, watch, &mut filled).await?;
    tracing::debug!("added the people");
    fill_relations(target, town, now, watch, &mut filled).await?;
    tracing::debug!("added the friendships and follows");
    fill_stories(target, town, now, watch, &mut filled).await?;
    tracing::debug!("added the stories");
    Ok(filled)
}

/// Returns the people of a town that is already in the store, in the order of [`Town::people`].
///
/// # Errors
/// When the store fails or lacks a person of the town.
pub async fn people_of(target: &Target, town: &Town) -> anyhow::Result<Vec<PersonId>> {
    let handles = town
        .people()
        .iter()
        .map(|resident| resident.handle.as_str().to_owned())
        .collect();
    let found = target.operations.ids_of_handles(handles).await?;
    let everybody: Option<Vec<_>> = found.into_iter().collect();
    everybody.context("the store lacks a person of the town: choose another folder with --data")
}

async fn fill_people(
    target: &Target,
    town: &Town,
    watch: Watch,
    filled: &mut Filled,
) -> anyhow::Result<()> {
    let hash = target
        .service
        .accounts()
        .hash_new_password(PASSWORD, [String::new(), String::new()])
        .await?;
    let bar = (watch.bar)("adding people", town.people().len() as u64);
    for step in town.people().chunks(PEOPLE_STEP) {
        let (mut people, mut bios) = (Vec::with_capacity(step.len()), Vec::new());
        for resident in step {
            let id = target.service.next_person().await?;
            let (name, hash) = (resident.display_name.clone(), hash.clone());
            people.push(new_person(
                id,
                &resident.handle,
                name,
                resident.language,
                hash,
                target.service.clock().now(),
            ));
            bios.extend(
                resident
                    .bio
                    .as_ref()
                    .map(|bio: &Bio| (id, bio.as_str().to_owned())),
            );
            filled.people.push(id);
        }
        target.operations.sign_up_many(people).await?;
        set_bios(&target.service, bios).await?;
        bar.inc(step.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

async fn fill_relations(
    target: &Target,
    town: &Town,
    now: Timestamp,
    watch: Watch,
    filled: &mut Filled,
) -> anyhow::Result<()> {
    let people = &filled.people;
    let known = |(one, other): (u32, u32)| (people[one as usize], people[other as usize]);
    let friendships: Vec<_> = town.friendships().map(known).collect();
    let follows: Vec<_> = town.follows().iter().copied().map(known).collect();
    let bar = (watch.bar)(
        "adding friendships and follows",
        (friendships.len() + follows.len()) as u64,
    );
    // Friendships start on different days.
    let steps = u32::try_from(friendships.len() / PAIRS_STEP + 2).unwrap_or(u32::MAX);
    let mut met = now.minus(TOWN_AGE);
    for step in friendships.chunks(PAIRS_STEP) {
        filled.friendships += target.operations.befriend_many(step.to_vec(), met).await?;
        met = met.plus(TOWN_AGE / steps);
        bar.inc(step.len() as u64);
    }
    for step in follows.chunks(PAIRS_STEP) {
        filled.follows += target.operations.follow_many(step.to_vec(), met).await?;
        bar.inc(step.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

async fn fill_stories(
    target: &Target,
    town: &Town,
    now: Timestamp,
    watch: Watch,
    filled: &mut Filled,
) -> anyhow::Result<()> {
    let mut ids = PastIds::new(target.service.settings().node.region);
    let mut history = town.history(now, HISTORY);
    let bar = (watch.bar)("adding stories", history.len() as u64);
    loop {
        let step: Vec<_> = history.by_ref().take(STORIES_STEP).collect();
        if step.is_empty() {
            break;
        }
        bar.inc(step.len() as u64);
        let (mut stories, mut comments, mut likes) =
            (Vec::with_capacity(step.len()), Vec::new(), Vec::new());
        let mut comment_likes = Vec::new();
        for told in step {
            let author = filled.people[told.author as usize];
            let id = StoryId::of_author(author, ids.at(now.minus(told.before_now)));
            let wishes = &mut filled.wishes;
            wishes.consider(id, told.author, told.topic, told.audience);
            let below = comments_of(id, &told, &filled.people, now, &mut ids);
            comment_likes.extend(comment_likes_of(&below, &told, &filled.people));
            comments.extend(below);
            likes.extend(likes_of(id, &told, &filled.people, now));
            stories.push(story(id, told, &filled.people, now));
        }
        filled.stories += target.operations.post_many(stories).await?;
        filled.comments += target.operations.comment_many(comments).await?;
        filled.likes += target.operations.like_many(likes).await?;
        target.operations.like_comments_many(comment_likes).await?;
    }
    bar.finish_and_clear();
    Ok(())
}

fn story(id: StoryId, told: PastStory, people: &[PersonId], now: Timestamp) -> NewStory {
    NewStory {
        id,
        author: people[told.author as usize],
        mentions: mentions(&told.text)
            .into_iter()
            .map(Handle::into_string)
            .collect(),
        attachments: Vec::new(),
        link: None,
        tags: hashtags(&told.text),
        text: told.text,
        audience: told.audience,
        idempotency: None,
        now: now.minus(told.before_now),
        claim: None,
    }
}

fn comments_of(
    story: StoryId,
    told: &PastStory,
    people: &[PersonId],
    now: Timestamp,
    ids: &mut PastIds,
) -> Vec<NewComment> {
    let mut comments: Vec<NewComment> = Vec::with_capacity(told.comments.len());
    for comment in &told.comments {
        let at = now.minus(comment.before_now);
        comments.push(NewComment {
            id: CommentId::on_story(story, ids.at(at)),
            story,
            reply_to: comment.reply_to.map(|place| comments[place].id),
            author: people[comment.author as usize],
            mentions: mentions(&comment.text)
                .into_iter()
                .map(Handle::into_string)
                .collect(),
            text: comment.text.clone(),
            idempotency: None,
            now: at,
        });
    }
    comments
}

/// The likes of comments, a second after each other.
fn comment_likes_of(
    comments: &[NewComment],
    told: &PastStory,
    people: &[PersonId],
) -> Vec<(PersonId, CommentId, Timestamp)> {
    let mut likes = Vec::new();
    for (comment, told) in comments.iter().zip(&told.comments) {
        let mut at = comment.now;
        for person in &told.likes {
            at = at.plus(Duration::from_secs(1));
            likes.push((people[*person as usize], comment.id, at));
        }
    }
    likes
}

/// Spreads the likes evenly over the first hours of the story. The town decides who likes it, but not when.
fn likes_of(
    story: StoryId,
    told: &PastStory,
    people: &[PersonId],
    now: Timestamp,
) -> Vec<(PersonId, StoryId, Timestamp)> {
    let gap =
        told.before_now.min(LIKES_WITHIN) / u32::try_from(told.likes.len() + 1).unwrap_or(u32::MAX);
    let mut at = now.minus(told.before_now);
    let like = |person: &u32| {
        at = at.plus(gap);
        (people[*person as usize], story, at)
    };
    told.likes.iter().map(like).collect()
}
