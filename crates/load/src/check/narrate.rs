//! Describes a violation as a short narrative: who did what and when, and what was seen.

use foldhash::HashMap;

use super::facts::pair;
use super::history::{Act, Audience, Entry, Link, Moment, Outcome, Span, Write};
use super::verdict::{Finding, Kind};

/// Most lines before the wrong one. The last ones are kept: what happened long before matters less.
const LINES_MAX: usize = 12;

#[derive(Debug)]
pub(super) struct Narrator<'a> {
    history: &'a [Entry],
    names: HashMap<u64, &'a str>,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(history: &'a [Entry]) -> Self {
        let names = history.iter().filter_map(|entry| match entry {
            Entry::Person { person, name } => Some((*person, name.as_str())),
            _ => None,
        });
        Self {
            history,
            names: names.collect(),
        }
    }

    pub(super) fn name(&self, person: u64) -> String {
        match self.names.get(&person) {
            Some(name) => (*name).to_owned(),
            None => format!("person {person}"),
        }
    }

    /// The line with the violation.
    pub(super) fn headline(&self, finding: &Finding) -> String {
        format!(
            "{}  {} {}",
            when(finding.span),
            self.name(finding.reader),
            finding.seen
        )
    }

    /// Earlier events that are related to it, in the order in which they began.
    pub(super) fn before(&self, finding: &Finding) -> Vec<String> {
        let mut lines: Vec<(Moment, String)> = (self.history.iter())
            .filter_map(|entry| match entry {
                Entry::Stands(link) if concerns(*link, finding) => {
                    Some((0, format!("before  {}", self.standing(*link))))
                }
                Entry::Write(write) if matters(write, finding) => {
                    Some((write.span.begin, self.told(write)))
                }
                Entry::Away(span) if span.begin <= finding.span.end => {
                    Some((span.begin, format!("{}  the server was down", when(*span))))
                }
                Entry::Hindered(span) if span.begin <= finding.span.end => {
                    let line = format!("{}  the server lacked a resource", when(*span));
                    Some((span.begin, line))
                }
                _ => None,
            })
            .collect();
        lines.sort_by_key(|(begin, _)| *begin);
        let skipped = lines.len().saturating_sub(LINES_MAX);
        let lines = lines.into_iter().skip(skipped).map(|(_, line)| line);
        let more = (skipped > 0).then(|| format!("… {skipped} earlier ones"));
        more.into_iter().chain(lines).collect()
    }

    fn told(&self, write: &Write) -> String {
        let did = match &write.act {
            Act::Post {
                story,
                audience,
                key,
                text,
            } => {
                let which = story.map_or_else(|| format!("“{text}”"), |story| story.to_string());
                let key = key
                    .as_ref()
                    .map_or_else(String::new, |key| format!(" under the key {key}"));
                format!("posted story {which} for {}{key}", audience_word(*audience))
            }
            Act::Readdress { story, audience } => {
                format!(
                    "changed story {story} to be for {}",
                    audience_word(*audience)
                )
            }
            Act::Delete { story } => format!("deleted story {story}"),
            Act::Like { story } => format!("liked story {story}"),
            Act::Unlike { story } => format!("removed the like of story {story}"),
            Act::Comment {
                comment,
                story,
                key,
                text,
            } => {
                let which = comment.map_or_else(|| format!("“{text}”"), |id| id.to_string());
                let key = key
                    .as_ref()
                    .map_or_else(String::new, |key| format!(" under the key {key}"));
                format!("wrote comment {which} on story {story}{key}")
            }
            Act::DeleteComment { comment } => format!("deleted comment {comment}"),
            Act::Begin(link) => self.began(*link),
            Act::End(link) => self.ended(*link),
        };
        let outcome = match write.outcome {
            Outcome::Acknowledged => "",
            Outcome::Refused => " (refused)",
            Outcome::Unknown => " (no answer)",
        };
        format!(
            "{}  {} {did}{outcome}",
            when(write.span),
            self.name(write.who)
        )
    }

    fn standing(&self, link: Link) -> String {
        match link {
            Link::Friends { one, other } => {
                format!("{} and {} were friends", self.name(one), self.name(other))
            }
            Link::Follows { from, to } => format!("{} followed {}", self.name(from), self.name(to)),
            Link::Blocks { from, to } => {
                format!("{} had blocked {}", self.name(from), self.name(to))
            }
            Link::Mutes { from, to } => format!("{} had muted {}", self.name(from), self.name(to)),
        }
    }

    fn began(&self, link: Link) -> String {
        match link {
            Link::Friends { one, other } => {
                format!("made {} and {} friends", self.name(one), self.name(other))
            }
            Link::Follows { to, .. } => format!("began to follow {}", self.name(to)),
            Link::Blocks { to, .. } => format!("blocked {}", self.name(to)),
            Link::Mutes { to, .. } => format!("muted {}", self.name(to)),
        }
    }

    fn ended(&self, link: Link) -> String {
        match link {
            Link::Friends { one, other } => format!(
                "ended the friendship of {} and {}",
                self.name(one),
                self.name(other)
            ),
            Link::Follows { to, .. } => format!("stopped following {}", self.name(to)),
            Link::Blocks { to, .. } => format!("unblocked {}", self.name(to)),
            Link::Mutes { to, .. } => format!("unmuted {}", self.name(to)),
        }
    }
}

/// The begin and the end, in seconds with milliseconds.
fn when(span: Span) -> String {
    let seconds = |moment: Moment| format!("{}.{:03}", moment / 1_000_000, moment / 1_000 % 1_000);
    format!("{}–{} s", seconds(span.begin), seconds(span.end))
}

const fn audience_word(audience: Audience) -> &'static str {
    match audience {
        Audience::Public => "everybody",
        Audience::Friends => "friends",
    }
}

fn matters(write: &Write, finding: &Finding) -> bool {
    if write.span.begin > finding.span.end {
        return false;
    }
    match &write.act {
        Act::Post { story, key, .. } => {
            let same_author = finding.author == Some(write.who);
            same_author && (*story == finding.story || story.is_none() && key.is_some())
        }
        Act::Readdress { story, .. } | Act::Delete { story } => finding.story == Some(*story),
        Act::Like { story } | Act::Unlike { story } => {
            let own_like = finding.reader == write.who || finding.kind == Kind::Miscounted;
            finding.story == Some(*story) && own_like
        }
        Act::Comment {
            comment,
            story,
            key,
            ..
        } => {
            let same_author = finding.author == Some(write.who);
            let counted = finding.kind == Kind::Miscounted && finding.story == Some(*story);
            counted
                || same_author && (*comment == finding.story || comment.is_none() && key.is_some())
        }
        Act::DeleteComment { comment } => finding.story == Some(*comment),
        Act::Begin(link) | Act::End(link) => concerns(*link, finding),
    }
}

fn concerns(link: Link, finding: &Finding) -> bool {
    let (from, to) = match link {
        Link::Friends { one, other } => (one, other),
        Link::Follows { from, to } | Link::Blocks { from, to } | Link::Mutes { from, to } => {
            (from, to)
        }
    };
    finding
        .author
        .is_some_and(|author| pair(author, finding.reader) == pair(from, to))
}
