//! Privacy settings: who may mention a person, comment on their stories, and send them friend requests.
//!
//! The settings limit new acts. Existing comments, mentions and requests stay. Blocks and audiences are rules of their
//! own (see [`audience`](crate::audience)) and come first: a setting never grants what they refuse.

use serde::{Deserialize, Serialize};

use crate::audience::{Audience, Relation};

/// The people who may mention a person, or comment on their stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedActors {
    /// Everybody.
    #[default]
    Everyone,
    /// Friends, and people who have a friend in common with the person.
    FriendsOfFriends,
    /// Friends.
    Friends,
}

/// The people who may send a person a friend request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedAskers {
    /// Everybody.
    #[default]
    Everyone,
    /// People who have a friend in common with the person.
    FriendsOfFriends,
    /// Nobody.
    Nobody,
}

/// The privacy settings of a person. The default is that of a new account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Privacy {
    /// Who may mention the person.
    pub mentions: AllowedActors,
    /// Who may comment on the person's stories, of those who may open them.
    pub comments: AllowedActors,
    /// Who may send the person a friend request.
    pub requests: AllowedAskers,
}

/// Whether a setting permits an act. Friends in common are read only where they decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// It does.
    Granted,
    /// It does not.
    Refused,
    /// It does if the two people have a friend in common.
    WithCommonFriend,
}

impl Permission {
    /// The decision, once it is known whether the two have a friend in common. What is not known counts as `false`.
    #[must_use]
    pub const fn resolve(self, have_common_friend: bool) -> bool {
        match self {
            Self::Granted => true,
            Self::Refused => false,
            Self::WithCommonFriend => have_common_friend,
        }
    }
}

impl AllowedActors {
    /// The number in the store.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Everyone => 0,
            Self::FriendsOfFriends => 1,
            Self::Friends => 2,
        }
    }

    /// The setting for a number of the store. A number that this build does not know (written by a newer one) reads as
    /// the narrowest setting, because a refused act can be repeated and an unwanted one cannot be undone.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Everyone,
            1 => Self::FriendsOfFriends,
            _ => Self::Friends,
        }
    }

    const fn permits(self, is_friend: bool) -> Permission {
        match (self, is_friend) {
            (_, true) | (Self::Everyone, _) => Permission::Granted,
            (Self::FriendsOfFriends, false) => Permission::WithCommonFriend,
            (Self::Friends, false) => Permission::Refused,
        }
    }
}

impl AllowedAskers {
    /// The number in the store.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Everyone => 0,
            Self::FriendsOfFriends => 1,
            Self::Nobody => 2,
        }
    }

    /// As [`AllowedActors::from_number`].
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Everyone,
            1 => Self::FriendsOfFriends,
            _ => Self::Nobody,
        }
    }
}

impl Privacy {
    /// Whether another person may mention the person with these settings. Blocks do not matter here: a mention by a
    /// severed person notifies nobody and is hidden from both.
    #[must_use]
    pub const fn permits_mention(self, are_friends: bool) -> Permission {
        self.mentions.permits(are_friends)
    }

    /// Whether another person may comment on a story with this audience by the person with these settings. `relation`
    /// is the one between the two. The author may always comment on their own story, and does not ask.
    #[must_use]
    pub const fn permits_comment(self, relation: Relation, audience: Audience) -> Permission {
        match relation.may_open(audience) {
            true => self.comments.permits(relation.friend),
            false => Permission::Refused,
        }
    }

    /// Whether another person may send a friend request to the person with these settings. `relation` is that of the
    /// person to the other one, as the other one sees it. An answer to a request is always permitted, and so is the
    /// repetition of a pending one.
    #[must_use]
    pub const fn permits_request(self, relation: Relation) -> Permission {
        if relation.severed() {
            return Permission::Refused;
        }
        if relation.friend || relation.requested || relation.asked {
            return Permission::Granted;
        }
        match self.requests {
            AllowedAskers::Everyone => Permission::Granted,
            AllowedAskers::FriendsOfFriends => Permission::WithCommonFriend,
            AllowedAskers::Nobody => Permission::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTORS: [AllowedActors; 3] = [
        AllowedActors::Everyone,
        AllowedActors::FriendsOfFriends,
        AllowedActors::Friends,
    ];
    const ASKERS: [AllowedAskers; 3] = [
        AllowedAskers::Everyone,
        AllowedAskers::FriendsOfFriends,
        AllowedAskers::Nobody,
    ];

    /// Every combination of the seven facts.
    fn relations() -> impl Iterator<Item = Relation> {
        (0..1_u8 << 7).map(|bits| {
            let has = |bit: u8| bits >> bit & 1 == 1;
            Relation {
                friend: has(0),
                requested: has(1),
                asked: has(2),
                following: has(3),
                muted: has(4),
                blocked: has(5),
                blocked_by: has(6),
            }
        })
    }

    /// The number of the narrowest group that contains the other person: 0 friends, 1 friends of friends, 2 everybody.
    fn distance(relation: Relation, have_common_friend: bool) -> u8 {
        match (relation.friend, have_common_friend) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    }

    /// The widest group that a setting permits.
    fn reach(setting: AllowedActors) -> u8 {
        2 - setting.number()
    }

    #[test]
    fn a_comment_is_permitted_by_the_audience_and_the_setting_for_every_relation() {
        for relation in relations() {
            for audience in [Audience::Public, Audience::Friends] {
                for comments in ACTORS {
                    for have_common_friend in [false, true] {
                        let privacy = Privacy {
                            comments,
                            ..Privacy::default()
                        };
                        let permitted = privacy
                            .permits_comment(relation, audience)
                            .resolve(have_common_friend);
                        let expected = relation.may_open(audience)
                            && distance(relation, have_common_friend) <= reach(comments);
                        assert_eq!(
                            permitted, expected,
                            "{relation:?} {audience:?} {comments:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_mention_is_permitted_by_the_setting_for_every_relation() {
        for relation in relations() {
            for mentions in ACTORS {
                for have_common_friend in [false, true] {
                    let privacy = Privacy {
                        mentions,
                        ..Privacy::default()
                    };
                    let permitted = privacy
                        .permits_mention(relation.friend)
                        .resolve(have_common_friend);
                    let expected = distance(relation, have_common_friend) <= reach(mentions);
                    assert_eq!(permitted, expected, "{relation:?} {mentions:?}");
                }
            }
        }
    }

    #[test]
    fn a_request_is_permitted_by_the_setting_and_always_as_an_answer() {
        for relation in relations() {
            for requests in ASKERS {
                for have_common_friend in [false, true] {
                    let privacy = Privacy {
                        requests,
                        ..Privacy::default()
                    };
                    let permitted = privacy
                        .permits_request(relation)
                        .resolve(have_common_friend);
                    let answers = relation.friend || relation.requested || relation.asked;
                    let group = match requests {
                        AllowedAskers::Everyone => true,
                        AllowedAskers::FriendsOfFriends => have_common_friend,
                        AllowedAskers::Nobody => false,
                    };
                    let expected = !relation.severed() && (answers || group);
                    assert_eq!(permitted, expected, "{relation:?} {requests:?}");
                }
            }
        }
    }

    #[test]
    fn settings_read_back_from_their_numbers_and_an_unknown_number_is_the_narrowest() {
        for setting in ACTORS {
            let number = i64::from(setting.number());
            assert_eq!(AllowedActors::from_number(number), setting);
        }
        for setting in ASKERS {
            let number = i64::from(setting.number());
            assert_eq!(AllowedAskers::from_number(number), setting);
        }
        for unknown in [-1, 3, i64::MAX] {
            assert_eq!(AllowedActors::from_number(unknown), AllowedActors::Friends);
            assert_eq!(AllowedAskers::from_number(unknown), AllowedAskers::Nobody);
        }
    }
}
