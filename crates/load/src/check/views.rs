//! Pages of the home feed: complete, in order, each story once, no gaps to older or newer pages.
//!
//! A page covers a range of ids: from below the last story of the previous page down to its own last story, or to the
//! very bottom if it says that it is the last page. Every story in that range that must be seen has to be on the page.
//! "Newer" is judged by everything that the client has: the first page and all newer pages must together contain every
//! story above the bottom of the first page.

use std::ops::Bound;

use foldhash::{HashMap, HashSet};

use super::Rules;
use super::availability::Availability;
use super::facts::{Facts, Story, begins_anew};
use super::history::{Entry, Moment, Read, Reading, Span};
use super::verdict::{Finding, Kind, Verdict};

/// Everything that a client has received of one view of its feed.
struct View {
    /// Everything shown so far.
    shown: HashSet<u64>,
    /// The last story of the first page; 0 if that page was the whole feed.
    bottom: u64,
    /// The last story of the older pages so far.
    last: u64,
    /// When the page before the next older one was requested.
    asked: Moment,
}

/// The range to search for stories that must be there.
struct IdRange {
    above: u64,
    below: u64,
    /// The reader's own stories count if they were acknowledged before this moment.
    known_by: Moment,
    /// The same for stories of others, which take time to arrive.
    arrived_by: Moment,
}

/// How long deliveries may take, without the time of injected faults.
#[derive(Clone, Copy)]
struct Settle<'a> {
    availability: &'a Availability,
    micros: u64,
}

impl Settle<'_> {
    fn before(self, moment: Moment) -> Moment {
        self.availability.before(moment, self.micros)
    }
}

pub(super) fn judge(
    history: &[Entry],
    facts: &Facts,
    availability: &Availability,
    rules: Rules,
    verdict: &mut Verdict<'_>,
) {
    let settle = Settle {
        availability,
        micros: rules.settle_micros(),
    };
    let mut views: HashMap<u64, View> = HashMap::default();
    for entry in history {
        let Entry::Read(read) = entry else { continue };
        judge_order(read, verdict);
        if begins_anew(read.ask) {
            judge_first(read, facts, settle, verdict);
            views.insert(read.view, View::begun(read));
            continue;
        }
        // A page of a view without a recorded beginning cannot be judged.
        let Some(view) = views.get_mut(&read.view) else {
            continue;
        };
        match read.ask {
            Reading::Older => view.judge_older(read, facts, settle, verdict),
            Reading::Newer => view.judge_newer(read, facts, settle, verdict),
            Reading::Top | Reading::Reset => {}
        }
    }
}

/// Within one page: newest first, and no story twice.
fn judge_order(read: &Read, verdict: &mut Verdict<'_>) {
    for two in read.items.windows(2) {
        if two[0].story > two[1].story {
            continue;
        }
        let kind = match two[0].story == two[1].story {
            true => Kind::Duplicated,
            false => Kind::OutOfOrder,
        };
        let seen = format!("was shown story {} after {}", two[1].story, two[0].story);
        verdict.found(&finding(kind, read, two[1].author, two[1].story, seen));
    }
}

fn judge_first(read: &Read, facts: &Facts, settle: Settle<'_>, verdict: &mut Verdict<'_>) {
    let Some(above) = bottom_of(read, u64::MAX) else {
        return;
    };
    let range = IdRange {
        above,
        below: u64::MAX,
        known_by: read.span.begin,
        arrived_by: settle.before(read.span.begin),
    };
    let on_page: HashSet<u64> = read.items.iter().map(|item| item.story).collect();
    judge_missing(read, facts, &range, &on_page, verdict, |_| Span {
        begin: range.arrived_by,
        end: read.span.end,
    });
}

impl View {
    fn begun(read: &Read) -> Self {
        let last = read.items.last().map_or(u64::MAX, |item| item.story);
        Self {
            shown: read.items.iter().map(|item| item.story).collect(),
            bottom: bottom_of(read, u64::MAX).unwrap_or(u64::MAX),
            last,
            asked: read.span.begin,
        }
    }

    fn judge_older(
        &mut self,
        read: &Read,
        facts: &Facts,
        settle: Settle<'_>,
        verdict: &mut Verdict<'_>,
    ) {
        if let Some(first) = read.items.first().filter(|first| first.story >= self.last) {
            let kind = match self.shown.contains(&first.story) {
                true => Kind::Duplicated,
                false => Kind::OutOfOrder,
            };
            let seen = format!(
                "paged down past story {} and was shown story {}",
                self.last, first.story
            );
            verdict.found(&finding(kind, read, first.author, first.story, seen));
        }
        if let Some(above) = bottom_of(read, self.last) {
            let range = IdRange {
                above,
                below: self.last,
                known_by: self.asked,
                arrived_by: settle.before(self.asked),
            };
            self.shown.extend(read.items.iter().map(|item| item.story));
            judge_missing(read, facts, &range, &self.shown, verdict, |_| Span {
                begin: range.arrived_by,
                end: read.span.end,
            });
        }
        self.last = read.items.last().map_or(self.last, |item| item.story);
        self.asked = read.span.begin;
    }

    fn judge_newer(
        &mut self,
        read: &Read,
        facts: &Facts,
        settle: Settle<'_>,
        verdict: &mut Verdict<'_>,
    ) {
        self.shown.extend(read.items.iter().map(|item| item.story));
        if !read.end {
            return;
        }
        let range = IdRange {
            above: self.bottom,
            below: u64::MAX,
            known_by: read.span.begin,
            arrived_by: settle.before(read.span.begin),
        };
        // Only readers who could see the story from the start: stories of a new friendship appear on the next first
        // page.
        judge_missing(read, facts, &range, &self.shown, verdict, |story| Span {
            begin: story.posted.begin,
            end: read.span.end,
        });
    }
}

/// The lower end of the range that a page covers; `None` if it covers nothing.
fn bottom_of(read: &Read, above: u64) -> Option<u64> {
    if read.end && read.ask != Reading::Newer {
        return Some(0);
    }
    read.items
        .last()
        .map(|item| item.story)
        .filter(|last| *last < above)
}

fn judge_missing(
    read: &Read,
    facts: &Facts,
    range: &IdRange,
    shown: &HashSet<u64>,
    verdict: &mut Verdict<'_>,
    during: impl Fn(&Story) -> Span,
) {
    if range.above >= range.below {
        return;
    }
    let authors = facts.authors_of.get(&read.who).into_iter().flatten();
    for (author, stories) in
        authors.filter_map(|author| Some((author, facts.by_author.get(author)?)))
    {
        let known_by = match *author == read.who {
            true => range.known_by,
            false => range.arrived_by,
        };
        let range = (Bound::Excluded(range.above), Bound::Excluded(range.below));
        for (id, acknowledged) in stories.range(range) {
            if *acknowledged >= known_by {
                continue;
            }
            let Some(story) = facts.stories.get(id) else {
                continue;
            };
            if !facts.must_show(read.who, story, during(story)) {
                continue;
            }
            verdict.judged(1);
            if !shown.contains(id) {
                let kind = kind_of(read, facts, *author, *id);
                let seen = format!("{}, and story {id} was not there", asked_for(read));
                verdict.found(&finding(kind, read, *author, *id, seen));
            }
        }
    }
}

fn kind_of(read: &Read, facts: &Facts, author: u64, id: u64) -> Kind {
    // Skipped between two pages, not within one.
    let between_pages =
        read.ask == Reading::Older && read.items.first().is_none_or(|first| first.story < id);
    if !facts.shown.contains(&id) {
        Kind::Lost
    } else if read.ask == Reading::Newer || between_pages {
        Kind::Gap
    } else if author == read.who {
        Kind::OwnMissing
    } else {
        Kind::Undelivered
    }
}

const fn asked_for(read: &Read) -> &'static str {
    match read.ask {
        Reading::Top | Reading::Reset => "read the first page",
        Reading::Older => "paged down",
        Reading::Newer => "asked for newer stories",
    }
}

fn finding(kind: Kind, read: &Read, author: u64, story: u64, seen: String) -> Finding {
    Finding {
        kind,
        reader: read.who,
        author: Some(author),
        story: Some(story),
        span: read.span,
        seen,
    }
}
