//! Disk space: the initial data and the growth per year.

use serde::Serialize;

use super::demand::{DAY_SECONDS, Demand};
use super::inputs::Inputs;

/// Seconds per year.
const YEAR_SECONDS: f64 = 365.25 * DAY_SECONDS;

/// Bytes on disk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disk {
    /// People and friendships, which exist from the first day.
    pub first: f64,
    /// Growth per year.
    pub per_year: f64,
    /// Retention.
    pub years: f64,
}

impl Disk {
    /// The maximum, just before the oldest data is removed.
    pub fn kept(&self) -> f64 {
        self.first + self.per_year * self.years
    }
}

/// One copy of the store.
pub fn of_store(inputs: &Inputs, demand: &Demand) -> Disk {
    let friendships = inputs.people * inputs.friends_mean / 2.0;
    let first = inputs.people * inputs.person_disk + friendships * inputs.friendship_disk;
    let a_second = demand.stories.mean * (inputs.story_disk + inputs.story_text)
        + demand.likes.mean * inputs.like_disk
        + demand.comments.mean * inputs.comment_disk;
    Disk {
        first: first * inputs.disk_overhead,
        per_year: a_second * YEAR_SECONDS * inputs.disk_overhead,
        years: inputs.years_kept,
    }
}

/// Photos. They are in an object store, which makes its own copies.
pub fn of_media(inputs: &Inputs, demand: &Demand) -> Disk {
    Disk {
        first: 0.0,
        per_year: demand.stories.mean
            * YEAR_SECONDS
            * inputs.media_share
            * inputs.media_stored_bytes,
        years: inputs.years_kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_a_thousand_people_is_counted_as_by_hand() {
        let inputs = Inputs {
            people: 1_000.0,
            reads_per_day: 120.0,
            reads_per_story: 60.0,
            likes_per_day: 10.0,
            comments_per_day: 4.0,
            friends_mean: 200.0,
            person_disk: 800.0,
            friendship_disk: 130.0,
            story_disk: 150.0,
            story_text: 200.0,
            like_disk: 100.0,
            comment_disk: 300.0,
            disk_overhead: 2.0,
            years_kept: 3.0,
            media_share: 0.5,
            media_stored_bytes: 1_000_000.0,
            ..Inputs::default()
        };
        let demand = Demand::of(&inputs);
        let disk = of_store(&inputs, &demand);
        // 1,000 people and 100,000 friendships.
        let first = 2.0 * (800_000.0 + 13_000_000.0);
        // Per day and person: 2 stories of 350 bytes, 10 likes of 100, 4 comments of 300.
        let per_year = 2.0 * 365.25 * 1_000.0 * (700.0 + 1_000.0 + 1_200.0);
        assert!((disk.first - first).abs() < 1.0, "{disk:?}");
        assert!((disk.per_year - per_year).abs() < 1.0, "{disk:?}");
        assert!(
            (disk.kept() - first - 3.0 * per_year).abs() < 1.0,
            "{disk:?}"
        );
        let media = of_media(&inputs, &demand).per_year;
        assert!((media - 365.25 * 1_000.0 * 1e6).abs() < 1e3, "{media}");
    }
}
