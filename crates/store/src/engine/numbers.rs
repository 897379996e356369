//! The numbers of kinds in columns. Some statements contain them, and constraints admit only these.

use sosik_feed::Audience;

use crate::{NotificationKind, OrderKind};

/// The number of an audience in the tables.
#[must_use]
pub const fn audience_number(audience: Audience) -> i64 {
    match audience {
        Audience::Friends => 0,
        Audience::Public => 1,
    }
}

/// The audience for a number of the tables. Every number except that of public stories is for friends.
#[must_use]
pub const fn audience_of_number(number: i64) -> Audience {
    if number == audience_number(Audience::Public) {
        Audience::Public
    } else {
        Audience::Friends
    }
}

/// The number of a kind of notification in the tables.
#[must_use]
pub const fn notification_kind_number(kind: NotificationKind) -> i64 {
    match kind {
        NotificationKind::FriendRequest => 1,
        NotificationKind::FriendAccepted => 2,
        NotificationKind::Comment | NotificationKind::Reply | NotificationKind::CommentLike => 3,
        NotificationKind::Like => 4,
        NotificationKind::Mention => 5,
    }
}

/// The kind of notification for a number of the tables.
#[must_use]
pub const fn notification_kind_of_numbers(number: i64, act: i64) -> NotificationKind {
    match (number, act) {
        (1, _) => NotificationKind::FriendRequest,
        (2, _) => NotificationKind::FriendAccepted,
        (3, 1) => NotificationKind::Reply,
        (3, 2) => NotificationKind::CommentLike,
        (3, _) => NotificationKind::Comment,
        (4, _) => NotificationKind::Like,
        _ => NotificationKind::Mention,
    }
}

/// The number of a kind of order in the tables.
#[must_use]
pub const fn order_kind_number(kind: OrderKind) -> i64 {
    match kind {
        OrderKind::Deliver => 1,
        OrderKind::Purge => 2,
    }
}

/// The kind of order for a number of the tables.
#[must_use]
pub const fn order_kind_of_number(number: i64) -> OrderKind {
    if number == order_kind_number(OrderKind::Deliver) {
        OrderKind::Deliver
    } else {
        OrderKind::Purge
    }
}

/// What a notification about a comment tells. Three kinds have the same number.
#[must_use]
pub const fn comment_act_number(kind: NotificationKind) -> i64 {
    match kind {
        NotificationKind::Reply => 1,
        NotificationKind::CommentLike => 2,
        NotificationKind::FriendRequest
        | NotificationKind::FriendAccepted
        | NotificationKind::Comment
        | NotificationKind::Like
        | NotificationKind::Mention => 0,
    }
}
