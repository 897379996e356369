//! Where people live: circles in districts in towns, each a range of consecutive numbers.

use std::ops::Range;

/// Approximate number of people in a town. Every pair of a town takes one random number, and a town is one transaction.
const TOWN_PEOPLE: u32 = 4_000;
/// Fewest towns: in a world of one town nobody would have friends in other towns.
const TOWNS_MIN: u32 = 2;
/// Districts of a town.
const DISTRICTS: u32 = 10;
/// Circles of a district.
const CIRCLES: u32 = 8;

/// The number of people and of towns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    people: u32,
    pub(super) towns: u32,
}

impl Layout {
    pub(super) fn of(people: u32) -> Self {
        Self {
            people,
            towns: (people / TOWN_PEOPLE).max(TOWNS_MIN),
        }
    }

    pub(super) fn town(self, town: u32) -> Range<u32> {
        part(0..self.people, town, self.towns)
    }

    /// The districts of a town.
    pub(super) fn districts(self, town: u32) -> impl Iterator<Item = Range<u32>> {
        let town = self.town(town);
        (0..DISTRICTS).map(move |place| part(town.clone(), place, DISTRICTS))
    }

    /// The circles of a town, district by district.
    pub(super) fn circles(self, town: u32) -> impl Iterator<Item = Range<u32>> {
        let circles = |district: Range<u32>| {
            (0..CIRCLES).map(move |place| part(district.clone(), place, CIRCLES))
        };
        self.districts(town).flat_map(circles)
    }
}

/// One of `parts` equal parts of a range.
fn part(whole: Range<u32>, place: u32, parts: u32) -> Range<u32> {
    let length = u64::from(whole.end - whole.start);
    let at = |place: u32| whole.start + number(length * u64::from(place) / u64::from(parts));
    at(place)..at(place + 1)
}

/// Converts a number that is known to be small.
pub(super) fn number(small: u64) -> u32 {
    u32::try_from(small).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn towns_districts_and_circles_hold_everybody_once_in_order() {
        for people in [100, 3_999, 10_000, 123_457] {
            let layout = Layout::of(people);
            let towns = || 0..layout.towns;
            let by_town: Vec<u32> = towns().flat_map(|town| layout.town(town)).collect();
            assert_eq!(by_town, (0..people).collect::<Vec<_>>());
            let by_district: Vec<u32> = towns()
                .flat_map(|t| layout.districts(t))
                .flatten()
                .collect();
            assert_eq!(by_district, by_town);
            let by_circle: Vec<u32> = towns()
                .flat_map(|town| layout.circles(town))
                .flatten()
                .collect();
            assert_eq!(by_circle, by_town);
        }
    }
}
