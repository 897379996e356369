//! What a client needs first.

use axum::extract::State;

use crate::app::App;
use crate::extract::{AnyVisitor, Json};
use crate::people::profile::to_schema;
use crate::problem::Problem;
use crate::schema::Start;
use crate::settings::PublicPage;

/// Show who you are, and what this service offers
///
/// Also for clients without a session, or with one in the cookie that has ended: `person` is null then.
#[utoipa::path(get, path = "/v1/start", tag = "me", operation_id = "start",
    security((), ("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "where a client starts", body = Start)))]
pub(crate) async fn start(
    State(app): State<App>,
    AnyVisitor(visitor): AnyVisitor,
) -> Result<Json<Start>, Problem> {
    let person = match visitor.person() {
        Some(viewer) => {
            let me = app.service.people().me(viewer).await?;
            Some(to_schema(&me, Some(viewer)))
        }
        None => None,
    };
    Ok(Json(Start {
        person,
        public_page: app.settings.public_page == PublicPage::On,
        open_to_strangers: app.settings.admits_strangers(),
    }))
}
