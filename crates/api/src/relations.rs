//! The common parts of the lists of people.

use sosik_feed::PersonId;
use sosik_feed::cursor::seal::{List, Scope};
use sosik_service::relations::PersonPage as Found;
use sosik_store::{PeopleList, RequestSide};

use crate::app::App;
use crate::extract::{Json, PageQuery};
use crate::problem::Problem;
use crate::schema::{Person, PersonPage};

/// A page of one of the viewer's own lists.
pub(crate) async fn list(
    app: &App,
    viewer: PersonId,
    list: PeopleList,
    page: PageQuery,
) -> Result<Json<PersonPage>, Problem> {
    let scope = Scope::own(cursor_list(list), viewer);
    let page = page.read(app, scope)?;
    let found = app
        .service
        .relations()
        .list(viewer, list, page.behind()?, page.limit())
        .await?;
    Ok(Json(to_schema(&found, app, scope)))
}

/// The list that its cursors are bound to.
const fn cursor_list(list: PeopleList) -> List {
    match list {
        PeopleList::Friends => List::Friends,
        PeopleList::Follows => List::Follows,
        PeopleList::Followers => List::Followers,
        PeopleList::Blocks => List::Blocks,
        PeopleList::Mutes => List::Mutes,
        PeopleList::Requests(RequestSide::Incoming) => List::Incoming,
        PeopleList::Requests(RequestSide::Outgoing) => List::Outgoing,
    }
}

/// People with their relation to the viewer and its start.
pub(crate) fn to_schema(found: &Found, app: &App, scope: Scope) -> PersonPage {
    let items = found.items.iter().map(|(found, since)| {
        let person = match found.person.record.id == scope.reader {
            true => Person::of(&found.person),
            false => Person::listed(found),
        };
        Person {
            since: Some(since.to_string()),
            ..person
        }
    });
    PersonPage {
        items: items.collect(),
        before: found
            .before
            .as_ref()
            .map(|before| app.service.seals().seal(before, scope)),
        after: None,
        end: found.end,
        hidden: None,
    }
}
