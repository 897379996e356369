//! A history: requests and answers, stored as one JSON entry a line.
//!
//! People and stories are the ids of the API. They are written as strings because other JSON readers would round them.

use std::io::BufRead;

use serde::{Deserialize, Serialize};

/// Microseconds since the history began.
pub type Moment = u64;

/// From the moment a request was sent to the moment of its answer.
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
    /// A person with a name for the narrative of violations. A person without this entry is called by their id.
    Person {
        /// The person.
        #[serde(with = "id")]
        person: u64,
        /// Such as a handle.
        name: String,
    },
    /// A relation that existed before the history began.
    Stands(Link),
    /// A request that changes something.
    Write(Write),
    /// A page of the home feed.
    Read(Read),
    /// A story requested by its id.
    Opened {
        /// The person who asked.
        #[serde(with = "id")]
        who: u64,
        /// The time.
        span: Span,
        /// The story.
        #[serde(with = "id")]
        story: u64,
        /// Whether it exists: 200 or 404.
        found: bool,
    },
    /// The comments of one story.
    Comments(Comments),
    /// An event of a live stream.
    Stream(StreamEvent),
    /// A request that got no proper answer.
    Failure(Failure),
    /// The server was down on purpose. Failures during this time do not count against it.
    Away(Span),
    /// The server lacked a resource on purpose, such as disk space. During this time it may answer with errors, but it
    /// must answer.
    Hindered(Span),
}

/// A relation between two people, or of one person to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "link", rename_all = "snake_case")]
pub enum Link {
    /// Both are friends.
    Friends {
        /// The one person.
        #[serde(with = "id")]
        one: u64,
        /// The other person.
        #[serde(with = "id")]
        other: u64,
    },
    /// One follows the other.
    Follows {
        /// The follower.
        #[serde(with = "id")]
        from: u64,
        /// The person followed.
        #[serde(with = "id")]
        to: u64,
    },
    /// One blocked the other.
    Blocks {
        /// The person who blocked.
        #[serde(with = "id")]
        from: u64,
        /// The person blocked.
        #[serde(with = "id")]
        to: u64,
    },
    /// One muted the other.
    Mutes {
        /// The person who muted.
        #[serde(with = "id")]
        from: u64,
        /// The person muted.
        #[serde(with = "id")]
        to: u64,
    },
}

/// A request that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The person who asked.
    #[serde(with = "id")]
    pub who: u64,
    /// The time.
    pub span: Span,
    /// The result.
    pub outcome: Outcome,
    /// The requested change.
    pub act: Act,
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server confirmed the write.
    Acknowledged,
    /// The server rejected the write: nothing happened.
    Refused,
    /// No answer, or one that does not tell. The write may have happened, or may happen later.
    Unknown,
}

/// The change that a write requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Post a story. The text identifies it: texts of one author must differ, except for repeats under the same key.
    Post {
        /// The id, if an answer named it.
        #[serde(with = "id::maybe", default, skip_serializing_if = "Option::is_none")]
        story: Option<u64>,
        /// The text.
        text: String,
        /// The audience.
        audience: Audience,
        /// The `Idempotency-Key` sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// Change the audience of a story.
    Readdress {
        /// The story.
        #[serde(with = "id")]
        story: u64,
        /// The new audience.
        audience: Audience,
    },
    /// Delete a story.
    Delete {
        /// The story.
        #[serde(with = "id")]
        story: u64,
    },
    /// Like a story.
    Like {
        /// The story.
        #[serde(with = "id")]
        story: u64,
    },
    /// Remove a like.
    Unlike {
        /// The story.
        #[serde(with = "id")]
        story: u64,
    },
    /// Comment on a story. The text identifies it, as for a story.
    Comment {
        /// The id, if an answer named it.
        #[serde(with = "id::maybe", default, skip_serializing_if = "Option::is_none")]
        comment: Option<u64>,
        /// The story.
        #[serde(with = "id")]
        story: u64,
        /// The text.
        text: String,
        /// The `Idempotency-Key` sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// Delete a comment.
    DeleteComment {
        /// The comment.
        #[serde(with = "id")]
        comment: u64,
    },
    /// Begin a relation. For friends: from the first request to the answer that accepts it.
    Begin(Link),
    /// End a relation.
    End(Link),
}

/// The audience of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody. Followers receive it.
    Public,
    /// Friends.
    Friends,
}

/// A page of the home feed that was answered with 200. An answer of 304 is recorded as the page that it confirms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// The reader.
    #[serde(with = "id")]
    pub who: u64,
    /// The time.
    pub span: Span,
    /// The view: a first page and all pages reached from it by cursors. Unique in the history.
    pub view: u64,
    /// The page that was requested.
    pub ask: Reading,
    /// In the order shown.
    pub items: Vec<Item>,
    /// The answer says that there is no further page in this direction.
    pub end: bool,
}

/// The kind of page that was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The first page.
    Top,
    /// The next older page of the view.
    Older,
    /// Stories newer than the last first or newer page of the view.
    Newer,
    /// The same request, answered with `reset: true`: a first page that replaces all earlier ones.
    Reset,
}

/// A story as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    #[serde(with = "id")]
    pub story: u64,
    /// Its author.
    #[serde(with = "id")]
    pub author: u64,
    /// Its audience, as in the answer.
    pub audience: Audience,
    /// Its text.
    pub text: String,
    /// The reader likes it.
    pub liked: bool,
    /// The number of likes, if the answer contains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likes: Option<u64>,
    /// The number of comments, if the answer contains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<u64>,
}

/// All comments of a story from the first one, over any number of pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comments {
    /// The person who asked.
    #[serde(with = "id")]
    pub who: u64,
    /// From the first request to the last answer.
    pub span: Span,
    /// The story.
    #[serde(with = "id")]
    pub story: u64,
    /// In the order shown.
    pub items: Vec<CommentShown>,
    /// The last answer says that there is no further page.
    pub end: bool,
}

/// A comment as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentShown {
    /// Its id.
    #[serde(with = "id")]
    pub comment: u64,
    /// Its author.
    #[serde(with = "id")]
    pub author: u64,
    /// Its text.
    pub text: String,
}

/// An event of a live stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEvent {
    /// The reader.
    #[serde(with = "id")]
    pub who: u64,
    /// The stream, including its resumptions. Unique in the history.
    pub stream: u64,
    /// When it was seen.
    pub at: Moment,
    /// The event.
    pub event: StreamEventKind,
}

/// What the client of a live stream sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum StreamEventKind {
    /// Connected, either new or resumed after the last event.
    Opened,
    /// A story.
    Story(Item),
    /// The server asks for a read of the first page. Earlier stories are no longer promised.
    Reset,
    /// A heart-beat, or anything else that shows that the connection is open.
    Alive,
    /// The connection ended.
    Ended,
}

/// A request without a proper answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The person who asked.
    #[serde(with = "id")]
    pub who: u64,
    /// From the request to its answer, or to the moment it was given up.
    pub span: Span,
    /// The request, such as `GET /v1/feed`.
    pub what: String,
    /// The status. `None` for a broken connection or a time-out of the client.
    pub status: Option<u16>,
    /// The answer contained the time to retry.
    pub retry_after: bool,
}

/// A history could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file failed.
    #[error("read or write the history")]
    Io(#[from] std::io::Error),
    /// A line is not a valid entry.
    #[error("line {line} of the history")]
    Line {
        /// Counted from 1.
        line: usize,
        /// The error in it.
        source: serde_json::Error,
    },
}

/// Reads a stored history.
///
/// # Errors
/// The file cannot be read, or a line is not an entry.
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
/// The file cannot be written.
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

    /// The same for an optional id.
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
