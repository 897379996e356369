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
        NotificationKind::Comment => 3,
        NotificationKind::Like => 4,
        NotificationKind::Mention => 5,
    }
}

/// The kind of notification for a number of the tables.
#[must_use]
pub const fn notification_kind_of_number(number: i64) -> NotificationKind {
    match number {
        1 => NotificationKind::FriendRequest,
        2 => NotificationKind::FriendAccepted,
        3 => NotificationKind::Comment,
        4 => NotificationKind::Like,
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
