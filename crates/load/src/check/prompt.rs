//! The lag from the answer to a post until its sight in a live stream: 99 of 100 are within the promised time, for
//! every size of author.
//!
//! Only streams that were open when the story was posted count, and only time without injected faults. A lag counts
//! from the *answer* to the post, so a slow answer does not make a delivery look slow. A story that is seen before its
//! answer has no lag. If there are fewer than a hundred sights, the slowest counts as the 99th percentile.

use foldhash::{HashMap, HashSet};

use super::Rules;
use super::availability::Availability;
use super::facts::Facts;
use super::history::{Entry, Moment, Span, StreamEvent, StreamEventKind};
use super::verdict::{Finding, Kind, Verdict};

/// Classes of authors, by the largest number of people who may see their posts.
const SIZES: [usize; 3] = [200, 5_000, usize::MAX];

struct Sight {
    lag: u64,
    reader: u64,
    author: u64,
    story: u64,
    span: Span,
}

pub(super) fn judge(
    history: &[Entry],
    facts: &Facts,
    availability: &Availability,
    rules: Rules,
    verdict: &mut Verdict<'_>,
) {
    let readers = readers(facts);
    let mut by_size: [Vec<Sight>; SIZES.len()] = Default::default();
    for sight in sights(history, facts, availability) {
        let count = readers.get(&sight.author).copied().unwrap_or_default();
        let size = SIZES.iter().position(|most| count <= *most);
        by_size[size.unwrap_or_default()].push(sight);
    }
    let promised = u64::try_from(rules.prompt.as_micros()).unwrap_or(u64::MAX);
    for (mut sights, most) in by_size.into_iter().zip(SIZES) {
        sights.sort_unstable_by_key(|sight| sight.lag);
        verdict.judged(sights.len() as u64);
        // The nearest rank: the smallest lag that 99 of 100 do not exceed.
        let rank = (sights.len() * 99).div_ceil(100);
        let Some(slow) = rank.checked_sub(1).and_then(|rank| sights.get(rank)) else {
            continue;
        };
        if slow.lag > promised {
            verdict.found(&late(slow, sights.len(), most));
        }
    }
}

fn late(sight: &Sight, of: usize, most: usize) -> Finding {
    let authors = match most {
        usize::MAX => "authors with any number of readers".to_owned(),
        most => format!("authors with up to {most} readers"),
    };
    let milliseconds = sight.lag / 1_000;
    Finding {
        kind: Kind::Late,
        reader: sight.reader,
        author: Some(sight.author),
        story: Some(sight.story),
        span: sight.span,
        seen: format!(
            "received story {} live {milliseconds} ms after its author got the answer: of {of} sights of {authors} \
one in a hundred is as late or later",
            sight.story
        ),
    }
}

fn sights(history: &[Entry], facts: &Facts, availability: &Availability) -> Vec<Sight> {
    let mut connected: HashMap<u64, Moment> = HashMap::default();
    let mut known: HashSet<(u64, u64)> = HashSet::default();
    let mut sights = Vec::new();
    for entry in history {
        let Entry::Stream(event) = entry else {
            continue;
        };
        if matches!(
            event.event,
            StreamEventKind::Opened | StreamEventKind::Reset
        ) {
            connected.insert(event.stream, event.at);
        }
        let since = connected.get(&event.stream).copied();
        let Some(sight) = since.and_then(|since| sight(event, since, facts)) else {
            continue;
        };
        if availability.at_all_of(sight.span) && known.insert((event.stream, sight.story)) {
            sights.push(sight);
        }
    }
    sights
}

fn sight(event: &StreamEvent, connected: Moment, facts: &Facts) -> Option<Sight> {
    let StreamEventKind::Story(item) = &event.event else {
        return None;
    };
    let story = facts.stories.get(&item.story)?;
    // Ignores stories of a new friendship and stories in flight when the stream was opened.
    let span = Span {
        begin: story.posted.begin,
        end: event.at,
    };
    if story.posted.begin <= connected || !facts.must_show(event.who, story, span) {
        return None;
    }
    Some(Sight {
        lag: event.at.saturating_sub(story.posted.end),
        reader: event.who,
        author: story.author,
        story: item.story,
        span,
    })
}

/// The number of people who may ever have been entitled to an author's stories.
fn readers(facts: &Facts) -> HashMap<u64, usize> {
    let mut readers = HashMap::default();
    for (reader, authors) in &facts.authors_of {
        for author in authors.iter().filter(|author| *author != reader) {
            *readers.entry(*author).or_insert(0) += 1;
        }
    }
    readers
}
