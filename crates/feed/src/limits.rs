//! Every hard limit of the domain, by name, with its reason.
//!
//! These limits are part of the product. Clients may rely on them, so they are constants. Limits that an operator may
//! tune (pool sizes, rates, queue lengths) are in the configuration.
//!
//! *Characters* are Unicode scalar values after NFC, so "é" counts once in every spelling. Lengths of texts and of
//! lists in memory are `usize`. Counts in the store are `u32`, which fits the integer types of every store.
//!
//! To add a limit, put the unit and `_MAX` last in its name and the reason into its comment. If a client can reach it,
//! add a variant of [`RuleBroken`](crate::rules::RuleBroken).

use std::time::Duration;

/// Friends of one person. Bounds the work of one delivery and of one rebuild: with 5,000 authors the newest page still
/// takes about 10 ms from the store's (author, id) index.
pub const FRIENDS_MAX: u32 = 5_000;

/// People that one person follows. The same bound as for friends, because a rebuild reads both.
pub const FOLLOWS_MAX: u32 = 5_000;

/// People one person blocks. They are held in memory while a page is filtered; 10,000 ids are 80 KB.
pub const BLOCKS_MAX: u32 = 10_000;

/// People who blocked one person that are held in memory with the circle of that person: 8 KB. Any number of people can
/// block one. Of further people the store is asked whether they did, for every page that shows them.
pub const BLOCKERS_HELD_MAX: u32 = 1_000;

/// Likes or comments of a story that are examined to count those that blocks hide from a viewer, and the largest such
/// count. It takes a few milliseconds. Up to it the count is exact.
pub const HIDDEN_EXAMINED_MAX: u32 = 10_000;

/// Friends of one person that are examined to find a friend in common with another one. It takes about a millisecond.
/// The circle of the one who has fewer friends is examined. If it is larger, a friend in common can be missed; the two
/// then count as people without one.
pub const COMMON_FRIENDS_EXAMINED_MAX: u32 = 1_000;

/// Stories that one person saved. Years of saving; they are counted at each save, which takes about a millisecond.
pub const SAVED_STORIES_MAX: u32 = 5_000;

/// People one person mutes. The same bound and reason as for blocks.
pub const MUTES_MAX: u32 = 10_000;

/// Unanswered friend requests of one person. Keeps a bot from sending requests to everybody.
pub const FRIEND_REQUESTS_PENDING_MAX: u32 = 1_000;

/// Sessions of one person. More than the devices that anybody owns. Beyond it the oldest session ends, so the list
/// stays readable.
pub const SESSIONS_MAX: u32 = 50;

/// Devices of one person that are remembered for log-ins: a few browsers on each of their machines. Beyond it the least
/// recently used device is unknown again.
pub const DEVICES_MAX: u32 = 20;

/// Shortest handle, in characters. Handles of two letters would run out immediately and cause disputes.
pub const HANDLE_CHARACTERS_MIN: usize = 3;

/// Longest handle, in characters (all ASCII, so also in bytes). Fits on one line of a phone next to a time.
pub const HANDLE_CHARACTERS_MAX: usize = 20;

/// Longest display name, in characters as people count them (graphemes). Long enough for full names with titles, short
/// enough for a card.
pub const DISPLAY_NAME_GRAPHEMES_MAX: usize = 50;

/// Longest display name, in code points. One emoji of a family has seven and a letter of Hindi up to four, so 50 of
/// most graphemes fit.
pub const DISPLAY_NAME_CHARACTERS_MAX: usize = 200;

/// Joiners in one emoji that is drawn as one: the longest families of Unicode have three. Fonts draw longer sequences
/// one emoji beside the other.
pub const EMOJI_JOINERS_MAX: usize = 3;

/// Combining marks in a row in a display name. Living scripts stack up to four; higher stacks of marks cover other
/// people's lines.
pub const DISPLAY_NAME_MARKS_IN_A_ROW_MAX: usize = 4;

/// Invisible characters in a row in a display name. An emoji can contain a variation selector followed by a joiner.
pub const DISPLAY_NAME_INVISIBLE_IN_A_ROW_MAX: usize = 2;

/// Columns of a display name after compatibility decomposition. A Latin letter takes one column and a Han character
/// two, so fifty Han characters fit. A few ligatures that spell whole sentences would take several lines.
pub const DISPLAY_NAME_COLUMNS_MAX: usize = 100;

/// Marks in a row on one character of a text. Vedic and Biblical texts need up to seven; higher stacks of marks cover
/// other people's stories.
pub const TEXT_MARKS_IN_A_ROW_MAX: usize = 8;

/// Invisible characters in a row in a text. An emoji sequence needs two, Persian with direction marks three; longer
/// runs hide content.
pub const TEXT_INVISIBLE_IN_A_ROW_MAX: usize = 4;

/// Minimum number of tags in a flag emoji: the two letters of a country and one of a region.
pub const FLAG_TAGS_MIN: usize = 3;

/// Maximum number of tags in a flag emoji: the two letters of a country and the four of a region in Unicode's locale
/// data.
pub const FLAG_TAGS_MAX: usize = 6;

/// Longest bio, in characters. It is part of every profile, so it is a paragraph and not a page.
pub const BIO_CHARACTERS_MAX: usize = 300;

/// Shortest password, in characters: the minimum of NIST SP 800-63B for a secret chosen by a person.
pub const PASSWORD_CHARACTERS_MIN: usize = 8;

/// Longest password, in characters. Enough for pass phrases, and bounds the cost of one hash.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;

/// Longest text of a story, in characters. It takes up to 20 KB in UTF-8. A client may escape every character (six
/// bytes for a character of the basic plane: 30 KB; twelve for others: 60 KB), which still fits into
/// [`REQUEST_BODY_BYTES_MAX`].
pub const STORY_TEXT_CHARACTERS_MAX: usize = 5_000;

/// Attachments of one story. One screen of pictures; bounds the joins of a page.
pub const ATTACHMENTS_MAX: usize = 10;

/// Longest description of an attachment for people who cannot see it, in characters. It holds a few full sentences, and
/// ten of them fit into one request together with a text.
pub const ALT_TEXT_CHARACTERS_MAX: usize = 500;

/// Longest comment, in characters.
pub const COMMENT_CHARACTERS_MAX: usize = 1_000;

/// Different people mentioned in one text who are looked up and notified. Further mentions stay plain text, so that one
/// text cannot notify everybody.
pub const MENTIONS_MAX: usize = 50;

/// Notifications of mentions that one person sends in a day (UTC) to people who neither follow them nor are friends. As
/// many as one text may mention. Further mentions stay in the text as links and notify nobody.
pub const STRANGER_MENTIONS_PER_DAY_MAX: u32 = 50;

/// If a like or friend request is withdrawn and repeated within this time, no new notification is created: the old one
/// is restored at its position.
pub const REPEAT_QUIET: Duration = Duration::from_hours(24);

/// Stories of one person that are not deleted: 27 a day for ten years.
pub const STORIES_PER_PERSON_MAX: u32 = 100_000;

/// Comments of one person that are not deleted: 137 a day for ten years.
pub const COMMENTS_PER_PERSON_MAX: u32 = 500_000;

/// Bytes of the stories and comments of one person: 256 MiB. It is reached at the maximum number of stories with an
/// average of 2,700 bytes.
pub const TEXT_BYTES_PER_PERSON_MAX: u64 = 256 << 20;

/// Different hashtags of one text that are indexed. Further ones stay plain text.
pub const HASHTAGS_MAX: usize = 30;

/// Longest hashtag, in characters without the `#`. Longer ones stay plain text.
pub const HASHTAG_CHARACTERS_MAX: usize = 50;

/// Links, mentions and tags of one text, repeated ones included. One for every 25 characters of the longest text; it
/// bounds the size of its JSON.
pub const ENTITIES_MAX: usize = 200;

/// Links of one text. Further addresses stay plain text.
pub const LINKS_MAX: usize = 50;

/// Longest address of a link after percent-encoding, in bytes. Servers and proxies refuse longer ones. A longer address
/// stays plain text.
pub const LINK_URL_BYTES_MAX: usize = 2_048;

/// Longest host of a link, in characters: the limit of DNS.
pub const HOST_CHARACTERS_MAX: usize = 253;

/// Longest text that is drawn for a link, in characters: one line on a phone.
pub const LINK_DISPLAY_CHARACTERS_MAX: usize = 48;

/// Longest host in the text that is drawn for a link, in characters. The rest shows the beginning of the path.
pub const LINK_DISPLAY_HOST_CHARACTERS_MAX: usize = 32;

/// Stories, people or other items on a page if the client does not choose.
pub const PAGE_ITEMS_DEFAULT: usize = 20;

/// Maximum number of items on a page. Bounds the memory and the time of one response.
pub const PAGE_ITEMS_MAX: usize = 100;

/// *W*: stories in a timeline after a rebuild or a trim. It holds 40 pages of 20; few readers scroll further, and those
/// are served from the store. 800 ids of 8 bytes are 6.4 KB for each reader.
pub const TIMELINE_STORIES: usize = 800;

/// Stories in a timeline before it is trimmed back to [`TIMELINE_STORIES`]. Twice *W*, so that one trim occurs per 800
/// deliveries.
pub const TIMELINE_STORIES_MAX: usize = 2 * TIMELINE_STORIES;

/// Longest search query, in characters. The longest display name, so that every name can be searched for in full.
pub const SEARCH_QUERY_CHARACTERS_MAX: usize = DISPLAY_NAME_CHARACTERS_MAX;

/// Different words of one search query that are used. A name has fewer; further words are ignored.
pub const SEARCH_WORDS_MAX: usize = 10;

/// Longest search term kept in the index, in bytes: 40 keys of Hangul, which are some 14 syllables, or 120 Latin letters.
/// The word of a query is cut to the same length before it is looked up, so a longer word is still found. Cursors of
/// searches contain a term.
pub const SEARCH_TERM_BYTES_MAX: usize = 120;

/// Search terms stored for each person. A name of 50 syllables has 50 terms and 49 of initial consonants, a handle up to
/// 11; the rest is for characters that normalisation decomposes.
pub const SEARCH_TERMS_MAX: usize = 150;

/// Longest `Idempotency-Key`, in bytes of visible ASCII. Fits a UUID, a ULID or a hex SHA-256.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 64;

/// Largest request body except uploads. It holds the longest story with ten described attachments. A larger body is
/// rejected before it is read.
pub const REQUEST_BODY_BYTES_MAX: usize = 64 * 1024;

/// Invitations that one person can have at the same time: one for each group they invite. The list is shown whole.
pub const INVITATIONS_MAX: u32 = 20;

/// People who can sign up with one invitation: a class or a club. A larger group takes a second one.
pub const INVITATION_USES_MAX: u32 = 100;

/// People who can sign up with an invitation if its inviter does not choose.
pub const INVITATION_USES_DEFAULT: u32 = 10;

/// Days after which an invitation expires at the latest. A forgotten link must not work for ever.
pub const INVITATION_DAYS_MAX: u32 = 30;

/// Days after which an invitation expires if its inviter does not choose.
pub const INVITATION_DAYS_DEFAULT: u32 = 7;

/// Characters of the token of an invitation: an id and 128 random bits in base64url.
pub const INVITATION_TOKEN_CHARACTERS: usize = 32;

/// People in one list of suggestions. Nobody reads further, and the list needs no pages.
pub const SUGGESTIONS_MAX: usize = 40;

/// Shared tags named for one suggestion.
pub const SUGGESTION_TAGS_MAX: usize = 3;

/// Friends of a reader whose friends are looked at for suggestions. It bounds the count of friends in common.
pub const SUGGESTION_FRIENDS_MAX: usize = 100;

/// Suggestions that one person has put aside. Beyond it the oldest can be suggested again.
pub const SUGGESTIONS_PUT_ASIDE_MAX: u32 = 1_000;
