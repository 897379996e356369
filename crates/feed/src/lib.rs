//! The domain of a news feed: ids, people, stories, audiences, timelines. No I/O, no clock, no async..
