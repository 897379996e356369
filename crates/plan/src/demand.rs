//! The demand: from the number of people to the rate of every operation.

use serde::Serialize;

use super::inputs::Inputs;

/// Seconds per day.
pub const DAY_SECONDS: f64 = 86_400.0;

/// How often something happens, per second.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Rate {
    /// Averaged over a day.
    pub mean: f64,
    /// In the busiest minutes.
    pub peak: f64,
}

impl Rate {
    /// A number of times per day, by all people together.
    fn of_day(times: f64, peak_factor: f64) -> Self {
        let mean = times / DAY_SECONDS;
        Self {
            mean,
            peak: mean * peak_factor,
        }
    }

    /// This rate multiplied by a factor.
    pub fn times(self, factor: f64) -> Self {
        Self {
            mean: self.mean * factor,
            peak: self.peak * factor,
        }
    }

    /// The sum of two rates.
    pub fn and(self, other: Self) -> Self {
        Self {
            mean: self.mean + other.mean,
            peak: self.peak + other.peak,
        }
    }
}

/// All operations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Demand {
    /// People who are active on a day.
    pub active: f64,
    /// Timelines in memory.
    pub timelines: f64,
    /// Readers of a delivered story, with or without a timeline.
    pub readers_per_story: f64,
    /// Reads of the home feed of all kinds.
    pub feed_reads: Rate,
    /// Reads that return a page of stories.
    pub pages: Rate,
    /// Reads for newer stories that find none.
    pub newer_empty: Rate,
    /// Reads that return 304.
    pub not_modified: Rate,
    /// Reads below the floor. They also return pages.
    pub below_floor: Rate,
    /// Reads that rebuild a timeline. They also return pages.
    pub rebuilds: Rate,
    /// Stories posted.
    pub stories: Rate,
    /// Insertions of stories into timelines.
    pub deliveries: Rate,
    /// Stories sent to live streams.
    pub stream_events: Rate,
    /// Likes.
    pub likes: Rate,
    /// Comments.
    pub comments: Rate,
    /// Read positions and similar records.
    pub marks: Rate,
    /// Log-ins.
    pub log_ins: Rate,
    /// Photos sent to people.
    pub media_views: Rate,
    /// Open connections at the peak, each with a live stream.
    pub connections: f64,
}

impl Demand {
    /// The demand of these people.
    pub fn of(inputs: &Inputs) -> Self {
        let active = inputs.people * inputs.daily_active;
        let per_day = |each: f64| Rate::of_day(active * each, inputs.peak_factor);
        let feed_reads = per_day(inputs.reads_per_day);
        let share = |part: f64| feed_reads.times(part);
        let with_page = 1.0 - inputs.read_newer_empty - inputs.read_not_modified;
        let stories = feed_reads.times(1.0 / inputs.reads_per_story);
        let timelines = (active * inputs.timelines_per_active).min(inputs.people);
        let readers_per_story = readers_per_story(inputs);
        let deliveries = stories
            .times(1.0 - inputs.large_author_stories)
            .times(readers_per_story * timelines / inputs.people);
        Self {
            active,
            timelines,
            readers_per_story,
            feed_reads,
            pages: share(with_page.max(0.0)),
            newer_empty: share(inputs.read_newer_empty),
            not_modified: share(inputs.read_not_modified),
            below_floor: share(inputs.read_below_floor),
            rebuilds: per_day(inputs.rebuilds_per_day.min(inputs.reads_per_day)),
            stories,
            deliveries,
            stream_events: deliveries.times(streaming(inputs, active, timelines)),
            likes: per_day(inputs.likes_per_day),
            comments: per_day(inputs.comments_per_day),
            marks: per_day(inputs.marks_per_day),
            log_ins: per_day(inputs.log_ins_per_day),
            media_views: per_day(inputs.media_views_per_day),
            connections: active * inputs.online_at_peak,
        }
    }

    /// Writes of the store.
    pub fn writes(&self) -> Rate {
        self.stories
            .and(self.likes)
            .and(self.comments)
            .and(self.marks)
            .and(self.log_ins)
    }

    /// Requests of every kind. Streams count as connections.
    pub fn requests(&self) -> Rate {
        self.feed_reads.and(self.writes())
    }
}

/// Share of the timelines whose owner has an open live stream. The peak value is also used for the mean, so the mean
/// number of events is an upper bound.
fn streaming(inputs: &Inputs, active: f64, timelines: f64) -> f64 {
    (active * inputs.online_at_peak / timelines).min(1.0)
}

/// Mean number of readers of a story.
///
/// The number of friends is lognormal, so mean ÷ median = exp(σ²/2). If a person with d friends posts d^p times as
/// much, a story has E\[d^(1+p)\] ÷ E\[d^p\] = mean · exp(p σ²) = mean · (mean ÷ median)^(2p) readers (moments of the
/// lognormal distribution, any textbook). The limit of 5,000 friends makes the result slightly smaller.
fn readers_per_story(inputs: &Inputs) -> f64 {
    let (mean, median) = (inputs.friends_mean, inputs.friends_median);
    mean * (mean / median).powf(2.0 * inputs.posting_power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(value: f64, expected: f64) {
        assert!(
            (value - expected).abs() <= expected.abs() * 1e-9 + 1e-12,
            "{value} is not {expected}"
        );
    }

    #[test]
    fn a_town_of_ten_thousand_is_counted_as_by_hand() {
        // 8,640 people read 100 times a day: 10 per second, and 4 times that at the peak.
        let demand = Demand::of(&Inputs {
            people: 17_280.0,
            daily_active: 0.5,
            reads_per_day: 100.0,
            reads_per_story: 50.0,
            peak_factor: 4.0,
            read_newer_empty: 0.4,
            read_not_modified: 0.1,
            read_below_floor: 0.02,
            rebuilds_per_day: 1.0,
            likes_per_day: 10.0,
            comments_per_day: 5.0,
            marks_per_day: 20.0,
            log_ins_per_day: 0.5,
            friends_mean: 200.0,
            friends_median: 200.0,
            large_author_stories: 0.25,
            timelines_per_active: 1.0,
            online_at_peak: 0.1,
            ..Inputs::default()
        });
        is(demand.active, 8_640.0);
        is(demand.timelines, 8_640.0);
        is(demand.feed_reads.mean, 10.0);
        is(demand.feed_reads.peak, 40.0);
        is(demand.pages.mean, 5.0);
        is(demand.newer_empty.mean, 4.0);
        is(demand.not_modified.mean, 1.0);
        is(demand.below_floor.mean, 0.2);
        is(demand.rebuilds.mean, 0.1);
        is(demand.stories.mean, 0.2);
        // 0.2 stories, three quarters delivered, to 200 readers; half of them have a timeline.
        is(demand.deliveries.mean, 15.0);
        is(demand.deliveries.peak, 60.0);
        // One in ten with a timeline has a live stream.
        is(demand.stream_events.peak, 6.0);
        is(demand.connections, 864.0);
        // 0.2 stories, 1 like, 0.5 comments, 2 marks, 0.05 log-ins.
        is(demand.writes().mean, 3.75);
        is(demand.requests().mean, 13.75);
    }

    #[test]
    fn ten_million_people_ask_for_what_the_server_is_designed_for() {
        let demand = Demand::of(&Inputs::default());
        let within = |value: f64, least: f64, most: f64| {
            assert!(
                (least..=most).contains(&value),
                "{value} is not from {least} to {most}"
            );
        };
        within(demand.feed_reads.mean, 19_000.0, 21_000.0);
        within(demand.feed_reads.peak, 60_000.0, 100_000.0);
        within(demand.stories.mean, 270.0, 340.0);
        within(demand.readers_per_story, 290.0, 310.0);
        within(demand.deliveries.mean, 90_000.0, 110_000.0);
    }

    #[test]
    fn when_everybody_has_as_many_friends_a_story_has_that_many_readers() {
        let with = |median, power| {
            readers_per_story(&Inputs {
                friends_mean: 190.0,
                friends_median: median,
                posting_power: power,
                ..Inputs::default()
            })
        };
        is(with(190.0, 1.0), 190.0);
        is(with(100.0, 0.0), 190.0);
        // 190 · 1.9² = 685.9: friends who see a story, if posting is proportional to the number of friends.
        is(with(100.0, 1.0), 685.9);
    }

    #[test]
    fn there_are_never_more_timelines_than_people() {
        let demand = Demand::of(&Inputs {
            timelines_per_active: 3.0,
            ..Inputs::default()
        });
        is(demand.timelines, 10e6);
    }
}
