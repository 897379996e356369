//! Repeating a request under the same key posts once.
//!
//! There are two ways to detect a second post. Two answers have different ids, or a text that was only sent under one
//! key is shown twice. The second way also catches repeats whose first answer was lost.

use foldhash::HashMap;

use super::facts::{Facts, writes};
use super::history::{Act, Comments, Entry, Item, Span, StreamEventKind};
use super::verdict::{Finding, Kind, Verdict};

pub(super) fn judge(history: &[Entry], facts: &Facts, verdict: &mut Verdict<'_>) {
    let mut keyed: HashMap<(u64, &str), u64> = HashMap::default();
    let mut texts: HashMap<(u64, &str), &str> = HashMap::default();
    for write in writes(history) {
        let (id, text, key) = match &write.act {
            Act::Post {
                story,
                text,
                key: Some(key),
                ..
            } => (story, text, key),
            Act::Comment {
                comment,
                text,
                key: Some(key),
                ..
            } => (comment, text, key),
            _ => continue,
        };
        texts.insert((write.who, text), key);
        if let Some(id) = id {
            compare(&mut keyed, write.who, key, *id, write.span, verdict);
        }
    }
    for read in history.iter().filter_map(comments) {
        for item in &read.items {
            if let Some(key) = texts.get(&(item.author, item.text.as_str())) {
                compare(
                    &mut keyed,
                    item.author,
                    key,
                    item.comment,
                    read.span,
                    verdict,
                );
            }
        }
    }
    for (item, span) in history.iter().flat_map(shown) {
        // A story that was acknowledged under this key was compared above.
        let known = facts.stories.get(&item.story);
        if known.is_some_and(|known| known.author != item.author) {
            continue;
        }
        if let Some(key) = texts.get(&(item.author, item.text.as_str())) {
            compare(&mut keyed, item.author, key, item.story, span, verdict);
        }
    }
}

fn compare<'a>(
    keyed: &mut HashMap<(u64, &'a str), u64>,
    author: u64,
    key: &'a str,
    story: u64,
    span: Span,
    verdict: &mut Verdict<'_>,
) {
    verdict.judged(1);
    let first = *keyed.entry((author, key)).or_insert(story);
    if first == story {
        return;
    }
    verdict.found(&Finding {
        kind: Kind::PostedTwice,
        reader: author,
        author: Some(author),
        story: Some(first.max(story)),
        span,
        seen: format!("used the key {key} for one write, and two exist: {first} and {story}"),
    });
}

const fn comments(entry: &Entry) -> Option<&Comments> {
    match entry {
        Entry::Comments(read) => Some(read),
        _ => None,
    }
}

fn shown(entry: &Entry) -> Vec<(&Item, Span)> {
    match entry {
        Entry::Read(read) => read.items.iter().map(|item| (item, read.span)).collect(),
        Entry::Stream(event) => match &event.event {
            StreamEventKind::Story(item) => {
                let at = Span {
                    begin: event.at,
                    end: event.at,
                };
                vec![(item, at)]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
