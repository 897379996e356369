//! The other nodes, and the number of the last message of each.

use std::time::Duration;

use foldhash::HashMap;
use sosik_fabric::PeerId;
use tokio::time::Instant;

use super::frame::{Frame, Kind};

/// The other nodes.
pub(super) struct Roster {
    known: HashMap<PeerId, Known>,
    silent_after: Duration,
    /// Every other node has sent a heartbeat by then.
    complete_at: Instant,
    /// The last time at which this node looked for silent ones.
    looked: Instant,
}

struct Known {
    /// `None` until the next message after this node may have missed anything.
    last: Option<u64>,
    heard: Instant,
}

/// The place of a message among those of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The next one.
    Next,
    /// The first one of a node that joined.
    First,
    /// There was at least one before it that did not arrive.
    AfterGap,
    /// A later one arrived before it, or it was repeated.
    Late,
}

impl Roster {
    /// No nodes. Others that are running introduce themselves soon.
    pub(super) fn new(silent_after: Duration, now: Instant) -> Self {
        Self {
            known: HashMap::default(),
            silent_after,
            complete_at: now + silent_after,
            looked: now,
        }
    }

    pub(super) fn members(&self) -> Vec<PeerId> {
        self.known.keys().copied().collect()
    }

    /// Notes a message. A node that appears without a greeting after all have introduced themselves was silent, or its
    /// greeting was lost.
    pub(super) fn note(&mut self, frame: &Frame, now: Instant) -> Place {
        let Some(known) = self.known.get_mut(&frame.from) else {
            self.add(frame, now);
            return match frame.kind == Kind::Hello || now < self.complete_at {
                true => Place::First,
                false => Place::AfterGap,
            };
        };
        known.heard = now;
        let place = match known.last {
            Some(last) if frame.number <= last => return Place::Late,
            Some(last) if frame.number > last + 1 => Place::AfterGap,
            Some(_) | None => Place::Next,
        };
        known.last = Some(frame.number);
        place
    }

    fn add(&mut self, frame: &Frame, now: Instant) {
        let known = Known {
            last: Some(frame.number),
            heard: now,
        };
        self.known.insert(frame.from, known);
    }

    pub(super) fn remove(&mut self, peer: PeerId) {
        self.known.remove(&peer);
    }

    /// Removes the nodes that were silent for too long. A node that was itself paused cannot judge the others.
    pub(super) fn remove_silent(&mut self, now: Instant) -> Vec<PeerId> {
        let (silent_after, paused) = (self.silent_after, now.duration_since(self.looked));
        self.looked = now;
        if paused > silent_after / 2 {
            self.known.values_mut().for_each(|known| known.heard = now);
        }
        let silent = self
            .known
            .extract_if(|_, known| now.duration_since(known.heard) > silent_after);
        silent.map(|(peer, _)| peer).collect()
    }

    /// Forgets the numbers, because this node may have missed anything. The time without a connection does not count as
    /// silence of the others.
    pub(super) fn forget_numbers(&mut self, now: Instant) {
        self.complete_at = now + self.silent_after;
        for known in self.known.values_mut() {
            known.last = None;
            known.heard = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: PeerId = PeerId::from_u64(7);
    const SILENT_AFTER: Duration = Duration::from_secs(3);

    fn frame(kind: Kind, number: u64) -> Frame {
        Frame {
            kind,
            from: PEER,
            number,
        }
    }

    fn roster(now: Instant) -> Roster {
        Roster::new(SILENT_AFTER, now)
    }

    fn places(numbers: &[u64]) -> Vec<Place> {
        let now = Instant::now();
        let mut roster = roster(now);
        assert_eq!(roster.note(&frame(Kind::Hello, 1), now), Place::First);
        let notes = numbers
            .iter()
            .map(|number| roster.note(&frame(Kind::Message, *number), now));
        notes.collect()
    }

    #[test]
    fn lost_repeated_and_reordered_messages_are_told_apart() {
        use Place::{AfterGap, Late, Next};
        assert_eq!(places(&[2, 3, 4]), [Next, Next, Next]);
        assert_eq!(places(&[2, 4, 5]), [Next, AfterGap, Next]);
        assert_eq!(places(&[2, 4, 3, 5]), [Next, AfterGap, Late, Next]);
        assert_eq!(places(&[2, 2, 3]), [Next, Late, Next]);
    }

    #[test]
    fn a_node_without_a_greeting_is_new_only_while_all_introduce_themselves() {
        let begin = Instant::now();
        let question = frame(Kind::Question, 9);
        assert_eq!(roster(begin).note(&question, begin), Place::First);
        let (mut roster, later) = (roster(begin), begin + SILENT_AFTER);
        assert_eq!(roster.note(&question, later), Place::AfterGap);
        let next = frame(Kind::Question, 10);
        assert_eq!(roster.note(&next, later), Place::Next);
    }

    #[test]
    fn a_silent_node_is_removed() {
        let begin = Instant::now();
        let mut roster = roster(begin);
        roster.note(&frame(Kind::Hello, 1), begin);
        for tenths in 0..=30 {
            let now = begin + SILENT_AFTER * tenths / 30;
            assert_eq!(roster.remove_silent(now), [], "{tenths}");
        }
        let now = begin + SILENT_AFTER * 31 / 30;
        assert_eq!(roster.remove_silent(now), [PEER]);
        assert_eq!(roster.members(), []);
    }

    #[test]
    fn the_time_in_which_this_node_was_paused_or_disconnected_is_no_silence_of_the_others() {
        let begin = Instant::now();
        let mut roster = roster(begin);
        roster.note(&frame(Kind::Hello, 1), begin);
        let resumed = begin + SILENT_AFTER * 2;
        assert_eq!(roster.remove_silent(resumed), []);
        let reconnected = resumed + SILENT_AFTER / 3;
        roster.forget_numbers(reconnected);
        let beat = frame(Kind::Beat, 9);
        assert_eq!(roster.note(&beat, reconnected), Place::Next);
    }
}
