//! Every hard limit of the domain, by name, with its reason.
//!
//! These are part of the product: a client may rely on them, so they are constants and not configuration. What an
//! operator may tune (pool sizes, rates, queue lengths) stands in the configuration instead.
//!
//! *Characters* are Unicode scalar values after NFC, so that "é" counts once however it was typed. Lengths of texts and
//! lists in memory are `usize`; counts that the store keeps are `u32`, which fits every integer type of every store.
//!
//! To add one: unit and `_MAX` last in the name, the reason in its comment, a variant of
//! [`RuleBroken`](crate::rules::RuleBroken) when a client can run into it.

use std::time::Duration;

/// Friends of one person. Bounds the work of one delivery and of one rebuild: with 5,000 authors the newest page still
/// comes out of the store's (author, id) index within about 10 ms.
pub const FRIENDS_MAX: u32 = 5_000;

/// People one person follows. The same bound as for friends, since both are walked by the same rebuild.
pub const FOLLOWS_MAX: u32 = 5_000;

/// People one person blocks. They are held in memory while a page is filtered; 10,000 ids are 80 KB.
pub const BLOCKS_MAX: u32 = 10_000;

/// People one person mutes. The same bound and reason as for blocks.
pub const MUTES_MAX: u32 = 10_000;

/// Friend requests of one person that nobody has answered yet. Keeps a machine from asking everybody.
pub const FRIEND_REQUESTS_PENDING_MAX: u32 = 1_000;

/// Sessions of one person. More devices than anybody owns; beyond it the oldest ends, so the list stays readable.
pub const SESSIONS_MAX: u32 = 50;

/// Devices of one person that are remembered for log-ins. A few browsers on each of a person's machines; beyond it the
/// least recently used one is a stranger again.
pub const DEVICES_MAX: u32 = 20;

/// Shortest handle, in characters. Two letters would run out at once and be fought over.
pub const HANDLE_CHARACTERS_MIN: usize = 3;

/// Longest handle, in characters (all ASCII, so bytes too). Fits on a line of a phone next to a time.
pub const HANDLE_CHARACTERS_MAX: usize = 20;

/// Longest display name, in characters. Long enough for full names with titles, short enough for a card.
pub const DISPLAY_NAME_CHARACTERS_MAX: usize = 50;

/// Combining marks in a row in a display name. Living scripts stack up to four; towers of marks reach into other
/// people's lines.
pub const DISPLAY_NAME_MARKS_IN_A_ROW_MAX: usize = 4;

/// Invisible characters in a row in a display name. A variation selector and a joiner stand together in emoji.
pub const DISPLAY_NAME_INVISIBLE_IN_A_ROW_MAX: usize = 2;

/// Columns of a display name, where a Latin letter takes one and a Han character two, after compatibility
/// decomposition. Fifty Han characters; a few ligatures that spell whole sentences would take several lines.
pub const DISPLAY_NAME_COLUMNS_MAX: usize = 100;

/// Marks in a row on one character of a text. Vedic and Biblical texts need up to seven; towers of marks reach into
/// other people's stories.
pub const TEXT_MARKS_IN_A_ROW_MAX: usize = 8;

/// Invisible characters in a row in a text. An emoji sequence needs two, Persian with direction marks three; longer
/// runs hide content.
pub const TEXT_INVISIBLE_IN_A_ROW_MAX: usize = 4;

/// Tags in a flag emoji at least: the two letters of a country and one of a region.
pub const FLAG_TAGS_MIN: usize = 3;

/// Tags in a flag emoji at most: the two letters of a country and the four of a region in Unicode's locale data.
pub const FLAG_TAGS_MAX: usize = 6;

/// Longest bio, in characters. Travels with every profile, so it is a paragraph and not a page.
pub const BIO_CHARACTERS_MAX: usize = 300;

/// Shortest password, in characters: the least that NIST SP 800-63B allows for a secret chosen by a person.
pub const PASSWORD_CHARACTERS_MIN: usize = 8;

/// Longest password, in characters. Generous to pass phrases, and bounds what one hash may be given.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;

/// Longest text of a story, in characters. In the widest encoding 20 KB, well inside [`REQUEST_BODY_BYTES_MAX`] even
/// when a client escapes every character (six bytes for one of the common plane: 30 KB; twelve for others: 60 KB).
pub const STORY_TEXT_CHARACTERS_MAX: usize = 5_000;

/// Attachments of one story. What one screen of pictures can hold; bounds the joins of a page.
pub const ATTACHMENTS_MAX: usize = 10;

/// Longest description of an attachment for those who cannot see it, in characters. A few full sentences; ten of them
/// fit into one request beside a text.
pub const ALT_TEXT_CHARACTERS_MAX: usize = 500;

/// Longest comment, in characters.
pub const COMMENT_CHARACTERS_MAX: usize = 1_000;

/// Different people mentioned in one text who are looked up and told. Further ones stay plain text: a text must not
/// become a way to ring everybody's phone.
pub const MENTIONS_MAX: usize = 50;

/// Notifications of mentions that one person sends in a day (UTC) to people who neither follow them nor are friends. As
/// many as one text may mention. Further mentions stay in the text as links and notify nobody.
pub const STRANGER_MENTIONS_PER_DAY_MAX: u32 = 50;

/// A like or friend request that is withdrawn and repeated within this time creates no new notification: the old one
/// returns to its place.
pub const REPEAT_QUIET: Duration = Duration::from_hours(24);

/// Stories of one person that are not deleted: 27 a day for ten years.
pub const STORIES_PER_PERSON_MAX: u32 = 100_000;

/// Comments of one person that are not deleted: 137 a day for ten years.
pub const COMMENTS_PER_PERSON_MAX: u32 = 500_000;

/// Bytes of the stories and comments of one person: 256 MiB, of which an average of 2,700 bytes a story makes full use.
pub const TEXT_BYTES_PER_PERSON_MAX: u64 = 256 << 20;

/// Different hashtags of one text that are kept. Further ones stay plain text.
pub const HASHTAGS_MAX: usize = 30;

/// Longest hashtag, in characters without the `#`. Longer ones stay plain text.
pub const HASHTAG_CHARACTERS_MAX: usize = 50;

/// Stories, people or other items on a page when the client does not say.
pub const PAGE_ITEMS_DEFAULT: usize = 20;

/// Items on a page at most. Bounds the memory and the time of one answer.
pub const PAGE_ITEMS_MAX: usize = 100;

/// *W*: stories that a timeline holds after a rebuild or a trim. 40 pages of 20; few readers scroll further, and those
/// who do are served from the store. 800 ids of 8 bytes are 6.4 KB a reader.
pub const TIMELINE_STORIES: usize = 800;

/// Stories in a timeline before it is trimmed back to [`TIMELINE_STORIES`]. Twice *W*, so that a trim is paid once in
/// 800 deliveries.
pub const TIMELINE_STORIES_MAX: usize = 2 * TIMELINE_STORIES;

/// Longest search query, in characters. The longest display name, so that every name can be searched for in full.
pub const SEARCH_QUERY_CHARACTERS_MAX: usize = DISPLAY_NAME_CHARACTERS_MAX;

/// Different words of one search query that are looked at. A name has fewer; further words are ignored.
pub const SEARCH_WORDS_MAX: usize = 10;

/// Longest search term kept in the index, in characters. A query is no longer, so a cut term is still found.
pub const SEARCH_TERM_CHARACTERS_MAX: usize = SEARCH_QUERY_CHARACTERS_MAX;

/// Search terms kept per person. A name of 50 Han characters makes 50, a handle up to 11; the rest is room for
/// characters that normalisation takes apart.
pub const SEARCH_TERMS_MAX: usize = 100;

/// Longest `Idempotency-Key`, in bytes of visible ASCII. Fits a UUID, a ULID or a hex SHA-256.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 64;

/// Largest request body outside uploads. Room for the longest story with ten described attachments; a larger one is
/// refused before it is read.
pub const REQUEST_BODY_BYTES_MAX: usize = 64 * 1024;
