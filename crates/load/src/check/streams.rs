//! Live streams, including their resumptions, miss no story.
//!
//! A stream is judged for stories posted after it was opened, up to the last event of its last connection, if that
//! connection was open long enough for everything to arrive.
//!
//! One connection sends a story once, even if a reset occurs in between. The exception is a reader who may have lost
//! access between the two events: a story that left the feed and came back is sent again.

use foldhash::{HashMap, HashSet};

use super::Rules;
use super::availability::Availability;
use super::facts::Facts;
use super::history::{Entry, Item, Moment, Span, StreamEvent, StreamEventKind};
use super::verdict::{Finding, Kind, Verdict};

struct Stream {
    who: u64,
    /// The moment since which the stream promises everything.
    since: Moment,
    connected: Moment,
    alive: Moment,
    shown: HashSet<u64>,
    /// When each story was last shown on the current connection.
    in_a_row: HashMap<u64, Moment>,
}

pub(super) fn judge(
    history: &[Entry],
    facts: &Facts,
    availability: &Availability,
    rules: Rules,
    verdict: &mut Verdict<'_>,
) {
    let mut streams: HashMap<u64, Stream> = HashMap::default();
    for entry in history {
        let Entry::Stream(event) = entry else {
            continue;
        };
        streams
            .entry(event.stream)
            .or_insert_with(|| Stream::opened(event))
            .note(event, facts, verdict);
    }
    let mut streams: Vec<_> = streams.into_iter().collect();
    streams.sort_unstable_by_key(|(stream, _)| *stream);
    for (_, stream) in streams {
        let known_by = availability.before(stream.alive, rules.settle_micros());
        stream.judge(facts, known_by, verdict);
    }
}

impl Stream {
    fn opened(event: &StreamEvent) -> Self {
        Self {
            who: event.who,
            since: event.at,
            connected: event.at,
            alive: event.at,
            shown: HashSet::default(),
            in_a_row: HashMap::default(),
        }
    }

    fn note(&mut self, event: &StreamEvent, facts: &Facts, verdict: &mut Verdict<'_>) {
        match &event.event {
            StreamEventKind::Opened => {
                self.connected = event.at;
                self.in_a_row.clear();
            }
            StreamEventKind::Story(item) => self.told(item, event.at, facts, verdict),
            StreamEventKind::Reset => self.since = event.at,
            StreamEventKind::Alive => {}
            StreamEventKind::Ended => return,
        }
        self.alive = event.at;
    }

    fn told(&mut self, item: &Item, at: Moment, facts: &Facts, verdict: &mut Verdict<'_>) {
        self.shown.insert(item.story);
        let Some(before) = self.in_a_row.insert(item.story, at) else {
            return;
        };
        let between = Span {
            begin: before,
            end: at,
        };
        let story = facts.stories.get(&item.story);
        if story.is_some_and(|story| !facts.must_show(self.who, story, between)) {
            return;
        }
        verdict.found(&Finding {
            kind: Kind::Duplicated,
            reader: self.who,
            author: Some(item.author),
            story: Some(item.story),
            span: between,
            seen: format!("received story {} twice on one stream", item.story),
        });
    }

    fn judge(self, facts: &Facts, known_by: Moment, verdict: &mut Verdict<'_>) {
        if self.connected > known_by {
            return;
        }
        let authors = facts.authors_of.get(&self.who).into_iter().flatten();
        for id in authors
            .filter_map(|author| facts.by_author.get(author))
            .flatten()
            .filter(|(_, acknowledged)| **acknowledged < known_by)
            .map(|(id, _)| id)
        {
            let Some(story) = facts.stories.get(id) else {
                continue;
            };
            let during = Span {
                begin: story.posted.begin,
                end: self.alive,
            };
            if story.posted.begin <= self.since || !facts.must_show(self.who, story, during) {
                continue;
            }
            verdict.judged(1);
            if !self.shown.contains(id) {
                verdict.found(&Finding {
                    kind: Kind::StreamMissed,
                    reader: self.who,
                    author: Some(story.author),
                    story: Some(*id),
                    span: Span {
                        begin: self.since,
                        end: self.alive,
                    },
                    seen: format!("followed the feed live and never received story {id}"),
                });
            }
        }
    }
}
