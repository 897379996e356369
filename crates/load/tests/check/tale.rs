//! A builder of histories. Times are in milliseconds.

use sosik_load::check::{
    Act, Audience, CommentShown, Comments, Entry, Failure, Item, Kind, Link, Outcome, Read,
    Reading, Rules, Span, StreamEvent, StreamEventKind, Violation, Write, judge,
};

pub(crate) const MINA: u64 = 1;
pub(crate) const JUN: u64 = 2;
pub(crate) const EVE: u64 = 3;

pub(crate) const END: bool = true;
pub(crate) const MORE: bool = false;

/// Long after every post of the first seconds has settled.
pub(crate) const LATER: (u64, u64) = (60_000, 60_010);

pub(crate) const fn friends(one: u64, other: u64) -> Link {
    Link::Friends { one, other }
}

pub(crate) const fn follows(from: u64, to: u64) -> Link {
    Link::Follows { from, to }
}

pub(crate) const fn blocks(from: u64, to: u64) -> Link {
    Link::Blocks { from, to }
}

pub(crate) const fn mutes(from: u64, to: u64) -> Link {
    Link::Mutes { from, to }
}

const fn span((begin, end): (u64, u64)) -> Span {
    Span {
        begin: begin * 1_000,
        end: end * 1_000,
    }
}

/// A history being written. Stories are named by their author: 1xx is Mina's, 2xx Jun's, 3xx Eve's.
pub(crate) struct Tale(pub(crate) Vec<Entry>);

impl Tale {
    /// Mina and Jun are friends. Eve is a stranger.
    pub(crate) fn new() -> Self {
        let people = [(MINA, "mina"), (JUN, "jun"), (EVE, "eve")];
        let people = people.map(|(person, name)| Entry::Person {
            person,
            name: name.to_owned(),
        });
        Self(people.to_vec()).with(Entry::Stands(friends(MINA, JUN)))
    }

    pub(crate) fn with(mut self, entry: Entry) -> Self {
        self.0.push(entry);
        self
    }

    pub(crate) fn write(self, who: u64, at: (u64, u64), outcome: Outcome, act: Act) -> Self {
        self.with(Entry::Write(Write {
            who,
            span: span(at),
            outcome,
            act,
        }))
    }

    pub(crate) fn did(self, who: u64, at: (u64, u64), act: Act) -> Self {
        self.write(who, at, Outcome::Acknowledged, act)
    }

    pub(crate) fn perhaps(self, who: u64, at: (u64, u64), act: Act) -> Self {
        self.write(who, at, Outcome::Unknown, act)
    }

    /// An acknowledged post for friends.
    pub(crate) fn posted(self, story: u64, at: (u64, u64)) -> Self {
        self.did(story / 100, at, post(Some(story), Audience::Friends, None))
    }

    pub(crate) fn deleted(self, story: u64, at: (u64, u64)) -> Self {
        self.did(story / 100, at, Act::Delete { story })
    }

    pub(crate) fn page(
        self,
        who: u64,
        at: (u64, u64),
        ask: Reading,
        stories: &[u64],
        end: bool,
    ) -> Self {
        self.items(
            who,
            at,
            ask,
            stories.iter().map(|story| item(*story)).collect(),
            end,
        )
    }

    pub(crate) fn items(
        self,
        who: u64,
        at: (u64, u64),
        ask: Reading,
        items: Vec<Item>,
        end: bool,
    ) -> Self {
        self.with(Entry::Read(Read {
            who,
            span: span(at),
            view: who,
            ask,
            items,
            end,
        }))
    }

    pub(crate) fn top(self, who: u64, at: (u64, u64), stories: &[u64]) -> Self {
        self.page(who, at, Reading::Top, stories, END)
    }

    pub(crate) fn opened(self, who: u64, at: (u64, u64), story: u64, found: bool) -> Self {
        self.with(Entry::Opened {
            who,
            span: span(at),
            story,
            found,
        })
    }

    pub(crate) fn stream(self, who: u64, at: u64, event: StreamEventKind) -> Self {
        self.with(Entry::Stream(StreamEvent {
            who,
            stream: who,
            at: at * 1_000,
            event,
        }))
    }

    pub(crate) fn told(self, who: u64, at: u64, story: u64) -> Self {
        self.stream(who, at, StreamEventKind::Story(item(story)))
    }

    pub(crate) fn failed(self, at: (u64, u64), status: Option<u16>, retry_after: bool) -> Self {
        self.with(Entry::Failure(Failure {
            who: MINA,
            span: span(at),
            what: "GET /v1/feed".to_owned(),
            status,
            retry_after,
        }))
    }

    /// An acknowledged comment on story 201. Comments are numbered by their author: 11xx is Mina's, 12xx Jun's, 13xx
    /// Eve's.
    pub(crate) fn commented(self, comment: u64, at: (u64, u64)) -> Self {
        self.did(comment / 100 - 10, at, comment_act(Some(comment), None))
    }

    /// A read of all comments of story 201.
    pub(crate) fn comments(self, who: u64, at: (u64, u64), comments: &[u64]) -> Self {
        let items = comments.iter().map(|comment| CommentShown {
            comment: *comment,
            author: comment / 100 - 10,
            text: format!("comment {:?}", Some(*comment)),
        });
        self.with(Entry::Comments(Comments {
            who,
            span: span(at),
            story: 201,
            items: items.collect(),
            end: true,
        }))
    }

    pub(crate) fn hindered(self, at: (u64, u64)) -> Self {
        self.with(Entry::Hindered(span(at)))
    }

    pub(crate) fn away(self, at: (u64, u64)) -> Self {
        self.with(Entry::Away(span(at)))
    }

    /// The violations of the history.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.violations_of(Rules::default())
    }

    /// The violations of the history by other rules.
    pub(crate) fn violations_of(&self, rules: Rules) -> Vec<Violation> {
        judge(&self.0, rules).violations().to_vec()
    }

    #[track_caller]
    pub(crate) fn keeps_all_promises(self) {
        assert_eq!(self.violations(), [], "a right history");
    }

    /// Expects exactly one violation, of this kind, and returns its text.
    #[track_caller]
    pub(crate) fn breaks(self, kind: Kind) -> String {
        let violations = self.violations();
        let kinds: Vec<Kind> = violations.iter().map(|violation| violation.kind).collect();
        assert_eq!(kinds, [kind], "{violations:#?}");
        violations[0].to_string()
    }
}

pub(crate) fn post(story: Option<u64>, audience: Audience, key: Option<&str>) -> Act {
    Act::Post {
        story,
        text: key.map_or_else(
            || format!("text of {story:?}"),
            |key| format!("text of {key}"),
        ),
        audience,
        key: key.map(str::to_owned),
    }
}

pub(crate) fn comment_act(comment: Option<u64>, key: Option<&str>) -> Act {
    Act::Comment {
        comment,
        story: 201,
        text: key.map_or_else(
            || format!("comment {comment:?}"),
            |key| format!("comment of {key}"),
        ),
        key: key.map(str::to_owned),
    }
}

pub(crate) fn item(story: u64) -> Item {
    Item {
        story,
        author: story / 100,
        audience: Audience::Friends,
        text: format!("text of {:?}", Some(story)),
        liked: false,
        likes: None,
        comments: None,
    }
}
