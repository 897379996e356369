//! Marks notifications as read.

use axum::extract::State;

use crate::app::App;
use crate::extract::{Json, Viewer};
use crate::limits::Marking;
use crate::problem::Problem;
use crate::schema::{MarkNotificationsRead, UnreadNotifications};

/// Mark notifications as read
///
/// Marks this notification and all earlier ones. Your other devices are updated.
#[utoipa::path(put, path = "/v1/notifications/read-position", tag = "notifications", operation_id = "mark_notifications_read",
    request_body = MarkNotificationsRead,
    responses((status = 200, description = "the number of unread notifications left", body = UnreadNotifications)))]
pub(crate) async fn mark_read(
    State(app): State<App>,
    viewer: Viewer<Marking>,
    Json(body): Json<MarkNotificationsRead>,
) -> Result<Json<UnreadNotifications>, Problem> {
    app.service
        .notifications()
        .mark_read(viewer.id, body.notification)
        .await?;
    let unread = app.service.notifications().unread(viewer.id).await?;
    Ok(Json(UnreadNotifications { unread }))
}
