//! The page of a list that a client requests.

use serde::Deserialize;
use sosik_feed::cursor::Found;
use sosik_feed::cursor::seal::{List, Scope, Seals};
use sosik_feed::{CommentId, Cursor, PersonId, Position, RawId, RuleBroken, StoryId};
use utoipa::IntoParams;
use xxhash_rust::xxh3::xxh3_64;

use crate::app::App;
use crate::problem::{FieldError, Problem};

/// The query parameters of every list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Items on the page, 1 to 100. Default: 20.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The cursor `before` of the previous page of this list.
    before: Option<String>,
    /// The cursor `after` of the previous page of this list.
    after: Option<String>,
}

/// A valid page query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Requested number of items, within the maximum.
    pub(crate) limit: usize,
    /// The start of the page; `None` is the beginning.
    pub(crate) from: Option<CursorParam>,
}

/// A cursor and the parameter it came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CursorParam {
    /// `before`.
    Before(Cursor),
    /// `after`.
    After(Cursor),
}

impl PageQuery {
    /// Parses the query of one list.
    ///
    /// # Errors
    /// `RuleBroken` for the limit; `CursorInvalid`, also for a cursor of another list or person; `QueryInvalid` for two
    /// cursors.
    pub(crate) fn read(self, app: &App, scope: Scope) -> Result<Page, Problem> {
        let (default, max) = (app.settings.page_items_default, app.settings.page_items_max);
        Ok(Page {
            limit: limit(self.limit.as_deref(), default, max)?,
            from: cursor_param(self.before, self.after, (app.service.seals(), scope))?,
        })
    }
}

fn limit(asked: Option<&str>, default: usize, max: usize) -> Result<usize, Problem> {
    let Some(asked) = asked else {
        return Ok(default);
    };
    let asked = asked.parse().ok().filter(|items| *items > 0);
    let items = sosik_feed::rules::page_items(Some(asked.unwrap_or(0)))?;
    if items > max {
        Err(RuleBroken::PageLimitInvalid.into())
    } else {
        Ok(items)
    }
}

fn cursor_param(
    before: Option<String>,
    after: Option<String>,
    seal: (&Seals, Scope),
) -> Result<Option<CursorParam>, Problem> {
    match (before, after) {
        (None, None) => Ok(None),
        (Some(before), None) => Ok(Some(CursorParam::Before(open(&before, "before", seal)?))),
        (None, Some(after)) => Ok(Some(CursorParam::After(open(&after, "after", seal)?))),
        (Some(_), Some(_)) => Err(Problem::QueryInvalid(FieldError {
            field: "after".to_owned(),
            message: "send one of before and after, not both".to_owned(),
        })),
    }
}

fn open(
    text: &str,
    field: &'static str,
    (seals, scope): (&Seals, Scope),
) -> Result<Cursor, Problem> {
    match seals.open(text, scope) {
        Ok(cursor) => Ok(cursor),
        Err(_not_ours) => Err(Problem::CursorInvalid(field)),
    }
}

/// A list that belongs to a story.
pub(crate) const fn of_story(list: List, story: StoryId, reader: PersonId) -> Scope {
    Scope {
        list,
        of: story.as_u64(),
        reader,
    }
}

/// A list that belongs to a comment.
pub(crate) const fn of_comment(list: List, comment: CommentId, reader: PersonId) -> Scope {
    Scope {
        list,
        of: comment.as_u64(),
        reader,
    }
}

/// A list that is identified by a name in its normal form.
pub(crate) fn of_name(list: List, name: &str, reader: PersonId) -> Scope {
    Scope {
        list,
        of: xxh3_64(name.as_bytes()),
        reader,
    }
}

impl CursorParam {
    /// The problem for a cursor of another list.
    pub(crate) const fn wrong_cursor(&self) -> Problem {
        match self {
            Self::Before(_) => Problem::CursorInvalid("before"),
            Self::After(_) => Problem::CursorInvalid("after"),
        }
    }
}

impl Page {
    /// The limit in the type of the service.
    pub(crate) fn limit(&self) -> u32 {
        u32::try_from(self.limit).unwrap_or(u32::MAX)
    }

    /// For lists with the largest id first.
    pub(crate) fn below(&self) -> Result<Option<RawId>, Problem> {
        match &self.from {
            None => Ok(None),
            Some(CursorParam::Before(Cursor::Below(id))) => Ok(Some(*id)),
            Some(cursor_param) => Err(cursor_param.wrong_cursor()),
        }
    }

    /// For lists with the smallest id first.
    pub(crate) fn above(&self) -> Result<Option<RawId>, Problem> {
        match &self.from {
            None => Ok(None),
            Some(CursorParam::After(Cursor::Above(id))) => Ok(Some(*id)),
            Some(cursor_param) => Err(cursor_param.wrong_cursor()),
        }
    }

    /// For the results of a search.
    pub(crate) fn found(&self) -> Result<Option<Found>, Problem> {
        match &self.from {
            None => Ok(None),
            Some(CursorParam::Before(Cursor::Found(found))) => Ok(Some(found.clone())),
            Some(cursor_param) => Err(cursor_param.wrong_cursor()),
        }
    }

    /// For lists sorted by time.
    pub(crate) fn behind(&self) -> Result<Option<Position>, Problem> {
        match &self.from {
            None => Ok(None),
            Some(CursorParam::Before(Cursor::Behind(position))) => Ok(Some(*position)),
            Some(cursor_param) => Err(cursor_param.wrong_cursor()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_within_the_maximum() {
        assert_eq!(limit(None, 20, 100).unwrap(), 20);
        assert_eq!(limit(Some("1"), 20, 100).unwrap(), 1);
        for wrong in ["0", "101", "-1", "x", "", "51"] {
            let problem = limit(Some(wrong), 20, 50).unwrap_err();
            assert_eq!(problem.status_and_code().1, "page_limit_invalid", "{wrong}");
        }
    }

    #[test]
    fn a_cursor_of_another_kind_is_refused_with_its_parameter() {
        let seals = Seals::new(0, &[7; 16]);
        let scope = Scope::own(List::Friends, PersonId::from_u64(1));
        let cursor = seals.seal(&Cursor::Above(RawId::from_u64(7)), scope);
        let page = Page {
            limit: 20,
            from: cursor_param(Some(cursor), None, (&seals, scope)).unwrap(),
        };
        assert_eq!(
            page.below().unwrap_err().field_error().unwrap().field,
            "before"
        );
        let rubbish = cursor_param(None, Some("rubbish".to_owned()), (&seals, scope));
        assert_eq!(rubbish.unwrap_err().status_and_code().1, "cursor_invalid");
    }
}
