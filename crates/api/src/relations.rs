//! What the lists of people have in common.

use sosik_feed::{Cursor, PersonId};
use sosik_service::relations::PersonPage as Found;
use sosik_store::PeopleList;

use crate::app::App;
use crate::extract::{Json, PageQuery};
use crate::problem::Problem;
use crate::shapes::{Person, PersonPage};

/// A page of one of the viewer's own lists.
pub(crate) async fn list(
    app: &App,
    viewer: PersonId,
    list: PeopleList,
    page: PageQuery,
) -> Result<Json<PersonPage>, Problem> {
    let page = page.read(app)?;
    let found = app
        .service
        .related(viewer, list, page.behind()?, page.limit())
        .await?;
    Ok(Json(shape(&found, viewer)))
}

/// People with what they are to the viewer, and since when.
pub(crate) fn shape(found: &Found, viewer: PersonId) -> PersonPage {
    let items = found.items.iter().map(|(found, since)| {
        let person = Person {
            since: Some(since.to_string()),
            ..Person::of(&found.person)
        };
        if person.id == viewer {
            person
        } else {
            person.related(found.relation)
        }
    });
    PersonPage {
        items: items.collect(),
        before: found.before.as_ref().map(Cursor::encode),
        after: None,
        end: found.end,
        hidden: None,
    }
}
