//! Network in bits per second at the peak, outbound. Inbound traffic is small in comparison.

use super::demand::{Demand, Rate};
use super::inputs::Inputs;

/// Bits of a byte.
const BITS: f64 = 8.0;

/// Responses of the API and events of streams, to people.
pub fn to_people(inputs: &Inputs, demand: &Demand) -> f64 {
    let as_sent = 1.0 - inputs.compressed * (1.0 - inputs.compressed_to);
    let pages = demand.pages.peak * inputs.page_bytes * as_sent;
    let answers = demand.requests().peak + demand.stream_events.peak;
    let beats = demand.connections / inputs.stream_beat_every;
    BITS * (pages + (answers + beats) * inputs.small_answer_bytes)
}

/// Photos to people. An object store or a content delivery network usually sends them.
pub fn media_to_people(inputs: &Inputs, demand: &Demand) -> f64 {
    BITS * demand.media_views.peak * inputs.media_view_bytes
}

/// Between the nodes and the timeline machines: ids of pages, and of deliveries with their reader.
pub fn with_keepers(inputs: &Inputs, demand: &Demand) -> f64 {
    /// The newest ids that a read fetches, each with its encoding.
    const READ_BYTES: f64 = 150.0 * 20.0;
    const DELIVERY_BYTES: f64 = 60.0;
    let asked = 1.0 + inputs.replicas;
    BITS * (demand.feed_reads.peak * READ_BYTES + demand.deliveries.peak * DELIVERY_BYTES * asked)
}

/// To another region that replicates, per second.
pub fn to_another_region(inputs: &Inputs, store_growth_per_year: f64) -> Rate {
    const YEAR_SECONDS: f64 = 365.25 * super::demand::DAY_SECONDS;
    let mean = BITS * store_growth_per_year / inputs.disk_overhead / YEAR_SECONDS
        * inputs.replication_times;
    Rate {
        mean,
        peak: mean * inputs.peak_factor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_ten_reads_a_second_are_counted_as_by_hand() {
        let inputs = Inputs {
            people: 8_640.0,
            reads_per_day: 100.0,
            reads_per_story: 1e6,
            peak_factor: 1.0,
            read_newer_empty: 0.5,
            read_not_modified: 0.1,
            page_bytes: 10_000.0,
            compressed: 0.5,
            compressed_to: 0.2,
            small_answer_bytes: 0.0,
            media_views_per_day: 10.0,
            media_view_bytes: 50_000.0,
            ..Inputs::default()
        };
        let demand = Demand::of(&inputs);
        // 4 pages per second: half of them 10,000 bytes, half 2,000.
        let bits = to_people(&inputs, &demand);
        assert!((bits - 8.0 * 24_000.0).abs() < 1e-6, "{bits}");
        let media = media_to_people(&inputs, &demand);
        assert!((media - 8.0 * 50_000.0).abs() < 1e-6, "{media}");
    }

    #[test]
    fn what_a_year_adds_goes_to_the_other_region_in_a_year() {
        let inputs = Inputs {
            disk_overhead: 2.0,
            replication_times: 3.0,
            peak_factor: 4.0,
            ..Inputs::default()
        };
        // 31,557,600 seconds: 1 byte of data per second, 2 with its overhead, sent three times.
        let rate = to_another_region(&inputs, 2.0 * 31_557_600.0);
        assert!(
            (rate.mean - 24.0).abs() < 1e-9 && (rate.peak - 96.0).abs() < 1e-9,
            "{rate:?}"
        );
    }
}
