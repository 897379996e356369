//! A history: what was asked and answered, one entry a line of JSON when stored.
//!
//! People and stories are the ids of the API, written as strings since other readers of JSON would round them.

use std::io::BufRead;

use serde::{Deserialize, Serialize};

/// Microseconds since the history began.
pub type Moment = u64;

/// From the moment a request was sent to the one at which its answer was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When it was sent.
    pub begin: Moment,
    /// When it was answered, or given up.
    pub end: Moment,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// Somebody, with a name for stories told to people. Whoever has no such entry is called by their id.
    Person {
        /// Who.
        #[serde(with = "id")]
        person: u64,
        /// Such as a handle.
        name: String,
    },
    /// What stood before the history began.
    Stands(Link),
    /// A request that changes something.
    Write(Write),
    /// A page of the home feed.
    Read(Read),
    /// One story, asked for by its id.
    Opened {
        /// Who asked.
        #[serde(with = "id")]
        who: u64,
        /// When.
        span: Span,
        /// Which.
        #[serde(with = "id")]
        story: u64,
        /// Whether it was there: 200 or 404.
        found: bool,
    },
    /// The comments of one story.
    Comments(Comments),
    /// Something about a live stream.
    Stream(StreamEvent),
    /// A request that got no proper answer.
    Failure(Failure),
    /// The server was taken away on purpose: what fails meanwhile is nobody's fault.
    Away(Span),
    /// Something the server needs was taken away on purpose, such as room on its disk: meanwhile it may answer with
    /// errors, but it has to answer.
    Hindered(Span),
}

/// What two people are to each other, or one to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "link", rename_all = "snake_case")]
pub enum Link {
    /// Both agreed.
    Friends {
        /// One.
        #[serde(with = "id")]
        one: u64,
        /// The other.
        #[serde(with = "id")]
        other: u64,
    },
    /// One follows.
    Follows {
        /// Who follows.
        #[serde(with = "id")]
        from: u64,
        /// Whom.
        #[serde(with = "id")]
        to: u64,
    },
    /// One blocked.
    Blocks {
        /// Who blocked.
        #[serde(with = "id")]
        from: u64,
        /// Whom.
        #[serde(with = "id")]
        to: u64,
    },
    /// One muted.
    Mutes {
        /// Who muted.
        #[serde(with = "id")]
        from: u64,
        /// Whom.
        #[serde(with = "id")]
        to: u64,
    },
}

/// A request that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Who asked.
    #[serde(with = "id")]
    pub who: u64,
    /// When.
    pub span: Span,
    /// What came of it.
    pub outcome: Outcome,
    /// What was asked.
    pub act: Act,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server said yes.
    Acknowledged,
    /// The server said no: nothing happened.
    Refused,
    /// No answer, or one that does not say: it may have happened, or may yet.
    Unknown,
}

/// What is asked by a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Post a story. Its text names it: texts of one author must differ, except for repeats under the same key.
    Post {
        /// The id, when it was told.
        #[serde(with = "id::maybe", default, skip_serializing_if = "Option::is_none")]
        story: Option<u64>,
        /// What it says.
        text: String,
        /// Who it is for.
        audience: Audience,
        /// The `Idempotency-Key` sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// Change who a story is for.
    Readdress {
        /// Which.
        #[serde(with = "id")]
        story: u64,
        /// Who it is for from then on.
        audience: Audience,
    },
    /// Delete a story.
    Delete {
        /// Which.
        #[serde(with = "id")]
        story: u64,
    },
    /// Like a story.
    Like {
        /// Which.
        #[serde(with = "id")]
        story: u64,
    },
    /// Take a like back.
    Unlike {
        /// Which.
        #[serde(with = "id")]
        story: u64,
    },
    /// Comment on a story. Its text names it, as that of a story does.
    Comment {
        /// The id, when it was told.
        #[serde(with = "id::maybe", default, skip_serializing_if = "Option::is_none")]
        comment: Option<u64>,
        /// On which story.
        #[serde(with = "id")]
        story: u64,
        /// What it says.
        text: String,
        /// The `Idempotency-Key` sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// Delete a comment.
    DeleteComment {
        /// Which.
        #[serde(with = "id")]
        comment: u64,
    },
    /// Begin what a link says. For friends: from the sending of the request to the answer of its acceptance.
    Begin(Link),
    /// End what a link says.
    End(Link),
}

/// Who a story is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody; followers get it.
    Public,
    /// Friends.
    Friends,
}

/// A page of the home feed, as answered with 200; one answered with 304 is recorded as the page that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Whose feed.
    #[serde(with = "id")]
    pub who: u64,
    /// When.
    pub span: Span,
    /// Which look at the feed: a first page and all pages reached from it by cursors. Unique in the history.
    pub view: u64,
    /// What was asked.
    pub ask: Reading,
    /// In the order shown.
    pub items: Vec<Item>,
    /// The answer says that there is no more in this direction.
    pub end: bool,
}

/// Which page was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The first page.
    Top,
    /// The next older page of the view.
    Older,
    /// What came since the last first or newer page of the view.
    Newer,
    /// The same question, answered with `reset: true`: a first page that replaces all before.
    Reset,
}

/// A story as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    #[serde(with = "id")]
    pub story: u64,
    /// Whose.
    #[serde(with = "id")]
    pub author: u64,
    /// Who it is for, as the answer says.
    pub audience: Audience,
    /// What it says.
    pub text: String,
    /// The reader likes it.
    pub liked: bool,
    /// How many like it, when the answer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likes: Option<u64>,
    /// How many comments it has, when the answer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<u64>,
}

/// All comments of a story from the first on, however many pages it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comments {
    /// Who asked.
    #[serde(with = "id")]
    pub who: u64,
    /// From the sending of the first request to the answer of the last.
    pub span: Span,
    /// Of which story.
    #[serde(with = "id")]
    pub story: u64,
    /// In the order shown.
    pub items: Vec<CommentShown>,
    /// The last answer says that there is no more.
    pub end: bool,
}

/// A comment as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentShown {
    /// Its id.
    #[serde(with = "id")]
    pub comment: u64,
    /// Whose.
    #[serde(with = "id")]
    pub author: u64,
    /// What it says.
    pub text: String,
}

/// Something about a live stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEvent {
    /// Whose.
    #[serde(with = "id")]
    pub who: u64,
    /// Which: one stream with all its resumptions. Unique in the history.
    pub stream: u64,
    /// When it was seen.
    pub at: Moment,
    /// What.
    pub event: StreamEventKind,
}

/// What a client of a live stream sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum StreamEventKind {
    /// Connected: anew, or resumed behind the last event.
    Opened,
    /// A story.
    Story(Item),
    /// Told to fetch the first page: what came before is not promised any more.
    Reset,
    /// A heart-beat, or anything else that shows that the connection stands.
    Alive,
    /// The connection ended.
    Ended,
}

/// A request without a proper answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Who asked.
    #[serde(with = "id")]
    pub who: u64,
    /// When, and when it was answered or given up.
    pub span: Span,
    /// What was asked, such as `GET /v1/feed`.
    pub what: String,
    /// The status, if any came: none is a broken connection or a client that lost its patience.
    pub status: Option<u16>,
    /// The answer said when to come back.
    pub retry_after: bool,
}

/// A history that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file.
    #[error("read or write the history")]
    Io(#[from] std::io::Error),
    /// A line.
    #[error("line {line} of the history")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Reads a stored history.
///
/// # Errors
/// When it cannot be read, or a line is not an entry.
pub fn read(from: impl BufRead) -> Result<Vec<Entry>, HistoryError> {
    let parse = |(place, line): (usize, std::io::Result<String>)| {
        serde_json::from_str(&line?).map_err(|source| HistoryError::Line {
            line: place + 1,
            source,
        })
    };
    from.lines().enumerate().map(parse).collect()
}

/// Stores a history.
///
/// # Errors
/// When it cannot be written.
pub fn write(history: &[Entry], mut to: impl std::io::Write) -> Result<(), HistoryError> {
    for (place, entry) in history.iter().enumerate() {
        serde_json::to_writer(&mut to, entry).map_err(|source| HistoryError::Line {
            line: place + 1,
            source,
        })?;
        to.write_all(b"\n")?;
    }
    to.flush()?;
    Ok(())
}

/// Ids as decimal strings.
mod id {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(super) fn serialize<S: Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }

    /// The same where there may be none.
    pub(super) mod maybe {
        use serde::{Deserialize, Deserializer, Serializer, de};

        #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
        pub(in super::super) fn serialize<S: Serializer>(
            id: &Option<u64>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match id {
                Some(id) => serializer.collect_str(id),
                None => serializer.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<u64>, D::Error> {
            let text = Option::<String>::deserialize(from)?;
            text.map(|text| text.parse().map_err(de::Error::custom))
                .transpose()
        }
    }
}
