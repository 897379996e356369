//! The stories that the live streams of this node show.
//!
//! A stream registers the ids of its stories. A committed change reaches every node, which applies it to its caches and
//! then notes it here. A task passes on what was noted: at once after a quiet time, and then at most once in
//! [`CHANGES_EVERY`]. So a story that many people like costs one look-up for each like, and one signal in that time for
//! each stream that shows it. While no stream shows anything, a change costs one atomic load.
//!
//! Nothing here decides what a reader may know. A signalled stream reads the stories again and compares.

use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use foldhash::{HashMap, HashSet};
use parking_lot::{Mutex, RwLock};
use sosik_fabric::peers::{Change, Notice, Update};
use sosik_feed::{PersonId, StoryId};
use tokio::sync::Notify;
use tokio::time::interval;

use super::Core;

/// Maximum number of stories that one stream shows: several screens. With the entries of the index, a stream of this size
/// takes about 8 KiB.
pub const WATCHED_MAX: usize = 50;

/// Shortest time between two signals. Changes in between are combined, so that a burst of likes becomes one event.
pub const CHANGES_EVERY: Duration = Duration::from_secs(2);

/// Authors of comments that are remembered for one story until the next signal. Streams whose reader may see none of
/// them are not told of further comments until a later one: their page lacks these comments until then.
const COMMENTERS_MAX: usize = 16;

/// The stories that the streams of this node show.
#[derive(Default)]
pub(crate) struct Watched {
    index: RwLock<Index>,
    /// Number of registered streams. Readable without the lock.
    count: AtomicUsize,
    noted: Mutex<Noted>,
    added: Notify,
}

#[derive(Default)]
struct Index {
    by_story: HashMap<StoryId, Vec<Arc<Watcher>>>,
    by_reader: HashMap<PersonId, Vec<Arc<Watcher>>>,
}

/// What changed since the last signal. It contains only stories and readers of the index, so it is bounded by it.
#[derive(Default)]
struct Noted {
    stories: HashMap<StoryId, Vec<PersonId>>,
    readers: HashSet<PersonId>,
    everything: bool,
}

/// A stream and its stories.
struct Watcher {
    reader: PersonId,
    stories: Vec<StoryId>,
    due: Mutex<Due>,
    signal: Notify,
}

/// What a stream has to read again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Due {
    /// All its stories: the circle of the reader changed, or changes may have been missed.
    pub(crate) all: bool,
    /// Stories that changed, each with the authors of new, edited or deleted comments.
    pub(crate) stories: HashMap<StoryId, Vec<PersonId>>,
}

impl Due {
    fn is_empty(&self) -> bool {
        !self.all && self.stories.is_empty()
    }

    fn add(&mut self, story: StoryId, commenters: &[PersonId]) {
        let known = self.stories.entry(story).or_default();
        commenters
            .iter()
            .for_each(|author| add_commenter(known, *author));
    }

    /// Adds what became due later.
    pub(crate) fn merge(&mut self, later: &Self) {
        self.all |= later.all;
        for (story, commenters) in &later.stories {
            self.add(*story, commenters);
        }
    }
}

fn add_commenter(known: &mut Vec<PersonId>, author: PersonId) {
    if known.len() < COMMENTERS_MAX && !known.contains(&author) {
        known.push(author);
    }
}

/// The registration of a stream. Dropping it ends it.
pub(crate) struct Watching {
    core: Core,
    watcher: Arc<Watcher>,
}

impl Watching {
    /// Waits until something is due, and takes it. Cancel-safe: dropping the future loses nothing.
    pub(crate) async fn due(&self) -> Due {
        loop {
            let due = take(&mut *self.watcher.due.lock());
            if !due.is_empty() {
                return due;
            }
            self.watcher.signal.notified().await;
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.core.watched.remove(&self.watcher);
    }
}

impl Watched {
    fn register(&self, watcher: &Arc<Watcher>) {
        let mut index = self.index.write();
        for story in &watcher.stories {
            let watchers = index.by_story.entry(*story).or_default();
            watchers.push(Arc::clone(watcher));
        }
        let of_reader = index.by_reader.entry(watcher.reader).or_default();
        of_reader.push(Arc::clone(watcher));
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    fn remove(&self, watcher: &Arc<Watcher>) {
        let mut index = self.index.write();
        let Index {
            by_story,
            by_reader,
        } = &mut *index;
        for story in &watcher.stories {
            remove_from(by_story, story, watcher);
        }
        remove_from(by_reader, &watcher.reader, watcher);
        self.count.fetch_sub(1, Ordering::AcqRel);
    }

    /// Notes what a notice changed, after the caches have applied it.
    pub(crate) fn note(&self, notice: &Notice) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let index = self.index.read();
        let mut noted = self.noted.lock();
        let mut any = false;
        for update in &notice.updates {
            any |= match update {
                Update::Counts(story, _) => noted.story(&index, *story, None),
                Update::Comment { story, author } => noted.story(&index, *story, Some(*author)),
            };
        }
        for change in &notice.changes {
            any |= noted.change(&index, change);
        }
        if any {
            self.added.notify_one();
        }
    }

    /// Notes that changes may have been missed.
    pub(crate) fn note_everything(&self) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        self.noted.lock().everything = true;
        self.added.notify_one();
    }

    /// Signals the streams for which something was noted.
    fn signal(&self) {
        let noted = take(&mut *self.noted.lock());
        let index = self.index.read();
        if noted.everything {
            index.by_reader.values().flatten().for_each(signal_all);
            return;
        }
        let of_readers = noted.readers.iter();
        of_readers
            .filter_map(|reader| index.by_reader.get(reader))
            .flatten()
            .for_each(signal_all);
        for (story, commenters) in &noted.stories {
            for watcher in index.by_story.get(story).into_iter().flatten() {
                watcher.due.lock().add(*story, commenters);
                watcher.signal.notify_one();
            }
        }
    }
}

fn signal_all(watcher: &Arc<Watcher>) {
    watcher.due.lock().all = true;
    watcher.signal.notify_one();
}

fn remove_from<K: std::hash::Hash + Eq>(
    index: &mut HashMap<K, Vec<Arc<Watcher>>>,
    key: &K,
    watcher: &Arc<Watcher>,
) {
    if let Some(watchers) = index.get_mut(key) {
        watchers.retain(|other| !Arc::ptr_eq(other, watcher));
        if watchers.is_empty() {
            index.remove(key);
        }
    }
}

impl Noted {
    /// Notes a story that a stream shows. Returns whether one does.
    fn story(&mut self, index: &Index, story: StoryId, commenter: Option<PersonId>) -> bool {
        if !index.by_story.contains_key(&story) {
            return false;
        }
        let commenters = self.stories.entry(story).or_default();
        if let Some(author) = commenter {
            add_commenter(commenters, author);
        }
        true
    }

    fn change(&mut self, index: &Index, change: &Change) -> bool {
        match change {
            Change::Story(story) => self.story(index, *story, None),
            Change::CircleShrank(reader) | Change::CircleGrew(reader) => {
                let is_connected = index.by_reader.contains_key(reader);
                if is_connected {
                    self.readers.insert(*reader);
                }
                is_connected
            }
            Change::Everything => {
                self.everything = true;
                true
            }
            // A like is noted with the counts of its story.
            Change::Person(_) | Change::SessionsEnded(..) | Change::Own(..) => false,
        }
    }
}

impl Core {
    /// Registers a stream that shows these stories, at most [`WATCHED_MAX`]. Everything that is committed from now on
    /// signals it.
    pub(crate) fn watch_stories(&self, reader: PersonId, stories: Vec<StoryId>) -> Watching {
        let watcher = Arc::new(Watcher {
            reader,
            stories,
            due: Mutex::default(),
            signal: Notify::new(),
        });
        self.watched.register(&watcher);
        Watching {
            core: self.clone(),
            watcher,
        }
    }

    pub(crate) fn spawn_watched(&self) {
        let core = self.clone();
        self.supervise("watched_stories", move || {
            let core = core.clone();
            async move { core.signal_watchers().await }
        });
    }

    async fn signal_watchers(&self) {
        // After a restart of this task it is unknown who was signalled.
        self.watched.note_everything();
        let mut pause = interval(CHANGES_EVERY);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.watched.added.notified() => self.watched.signal(),
            }
            pause.reset();
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = pause.tick() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sosik_feed::StoryCounts;

    fn person(number: u64) -> PersonId {
        PersonId::from_u64(number)
    }

    fn story(number: u64) -> StoryId {
        StoryId::from_u64(number)
    }

    fn watcher(watched: &Watched, reader: u64, stories: &[u64]) -> Arc<Watcher> {
        let watcher = Arc::new(Watcher {
            reader: person(reader),
            stories: stories.iter().copied().map(story).collect(),
            due: Mutex::default(),
            signal: Notify::new(),
        });
        watched.register(&watcher);
        watcher
    }

    fn notice(changes: Vec<Change>, updates: Vec<Update>) -> Notice {
        Notice {
            changes,
            updates,
            ..Notice::default()
        }
    }

    fn due(watcher: &Watcher) -> (bool, Vec<StoryId>) {
        let due = take(&mut *watcher.due.lock());
        let mut stories: Vec<_> = due.stories.into_keys().collect();
        stories.sort_unstable();
        (due.all, stories)
    }

    #[test]
    fn only_streams_that_show_a_story_are_signalled() {
        let watched = Watched::default();
        let (one, two) = (watcher(&watched, 1, &[10, 11]), watcher(&watched, 2, &[11]));
        watched.note(&notice(
            vec![Change::Story(story(10)), Change::Story(story(99))],
            vec![],
        ));
        watched.signal();
        assert_eq!(due(&one), (false, vec![story(10)]));
        assert_eq!(due(&two), (false, vec![]));
        watched.note(&notice(vec![Change::CircleShrank(person(2))], vec![]));
        watched.signal();
        assert_eq!(due(&one), (false, vec![]));
        assert_eq!(due(&two), (true, vec![]));
        watched.note(&notice(vec![Change::Everything], vec![]));
        watched.signal();
        assert!(due(&one).0 && due(&two).0);
    }

    #[test]
    fn a_burst_of_likes_becomes_one_signal_and_takes_the_room_of_one() {
        let watched = Watched::default();
        let one = watcher(&watched, 1, &[10]);
        for revision in 1..1_000 {
            let counts = StoryCounts {
                revision,
                ..StoryCounts::default()
            };
            let likes = Update::Counts(story(10), counts);
            let comment = Update::Comment {
                story: story(10),
                author: person(revision),
            };
            watched.note(&notice(vec![], vec![likes, comment]));
        }
        assert_eq!(due(&one), (false, vec![]), "nothing before the signal");
        assert_eq!(
            watched.noted.lock().stories[&story(10)].len(),
            COMMENTERS_MAX
        );
        watched.signal();
        assert_eq!(due(&one), (false, vec![story(10)]));
        watched.signal();
        assert_eq!(due(&one), (false, vec![]), "once");
    }

    #[test]
    fn a_stream_that_closed_leaves_nothing_behind() {
        let watched = Watched::default();
        let (one, two) = (watcher(&watched, 1, &[10]), watcher(&watched, 1, &[10, 11]));
        watched.remove(&one);
        watched.note(&notice(vec![Change::Story(story(10))], vec![]));
        watched.signal();
        assert_eq!(due(&one), (false, vec![]));
        assert_eq!(due(&two), (false, vec![story(10)]));
        watched.remove(&two);
        let index = watched.index.read();
        assert!(index.by_story.is_empty() && index.by_reader.is_empty());
        assert_eq!(watched.count.load(Ordering::Acquire), 0);
    }
}
