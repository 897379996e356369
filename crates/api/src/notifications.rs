//! Notifications.

use axum::extract::State;
use sosik_feed::NotificationId;
use sosik_feed::cursor::seal::{List, Scope};

use crate::app::App;
use crate::extract::{Json, PageQuery, Query, Viewer};
use crate::limits::Marking;
use crate::problem::Problem;
use crate::schema::{MarkNotificationsRead, Notification, NotificationPage, UnreadNotifications};

/// List your notifications
///
/// Newest first, with the number of unread ones.
#[utoipa::path(get, path = "/v1/notifications", tag = "notifications", operation_id = "list_notifications",
    params(PageQuery),
    responses((status = 200, description = "a page of notifications", body = NotificationPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageQuery>,
) -> Result<Json<NotificationPage>, Problem> {
    let scope = Scope::own(List::Notifications, viewer.id);
    let page = page.read(&app, scope)?;
    let before = page.below()?.map(NotificationId::new);
    let found = app
        .service
        .notifications()
        .list(viewer.id, before, page.limit())
        .await?;
    Ok(Json(NotificationPage {
        items: found.items.iter().map(Notification::of).collect(),
        before: found
            .before
            .map(|before| app.service.seals().seal(&before, scope)),
        after: None,
        end: found.end,
        unread: found.unread,
    }))
}

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
