//! The stream of orders and its consumer.

use std::time::Duration;

use async_nats::Subject;
use async_nats::jetstream::consumer::pull::Config as ConsumerConfig;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

use crate::options::NatsOptions;

/// Acknowledges a message.
pub(super) const ACK: &[u8] = b"+ACK";

/// Returns a message to the stream, for another worker.
pub(super) const NAK: &[u8] = b"-NAK";

/// Removes a message that no worker can process.
pub(super) const TERMINATE: &[u8] = b"+TERM";

/// The name of the consumer that all nodes share.
pub(super) const CONSUMER: &str = "workers";

/// Orders in the stream, of all nodes: 200 MB. Further ones are refused and go to the workers of their own node.
const STREAM_ORDERS_MAX: i64 = 1_000_000;

/// Orders that workers of all nodes have at the same time. 32 workers with full batches.
const IN_FLIGHT_MAX: i64 = 8_192;

/// Pulls that wait at the server: two for each of 256 nodes.
const PULLS_MAX: i64 = 512;

/// The pauses before an order is passed on again, in times of a claim. The store makes it due after the first one, so
/// the later ones only matter while the store cannot be written.
const BACK_OFF: [u32; 3] = [1, 2, 4];

/// An order without acknowledgement is passed on this often.
const DELIVERIES_MAX: i64 = BACK_OFF.len() as i64 + 1;

/// Orders leave the stream after this many times of a claim. The last delivery is given up after 11. The store has made
/// them due long before.
const KEPT: u32 = 20;

pub(super) fn config(options: &NatsOptions, subject: &Subject) -> Config {
    Config {
        name: name(options),
        description: Some("delivery orders that were just posted".to_owned()),
        subjects: vec![subject.to_string()],
        retention: RetentionPolicy::WorkQueue,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        max_messages: STREAM_ORDERS_MAX,
        max_age: options.acknowledge_within * KEPT,
        num_replicas: options.replicas,
        ..Config::default()
    }
}

pub(super) fn consumer(options: &NatsOptions) -> ConsumerConfig {
    let back_off = BACK_OFF.map(|times| options.acknowledge_within * times);
    ConsumerConfig {
        durable_name: Some(CONSUMER.to_owned()),
        ack_wait: options.acknowledge_within,
        backoff: back_off.to_vec(),
        max_deliver: DELIVERIES_MAX,
        max_ack_pending: IN_FLIGHT_MAX,
        max_waiting: PULLS_MAX,
        ..ConsumerConfig::default()
    }
}

pub(super) fn name(options: &NatsOptions) -> String {
    format!("{}_orders", options.prefix)
}

/// The subject on which the server reports orders that were passed on for the last time.
pub(super) fn dead_letters(options: &NatsOptions) -> Subject {
    let stream = name(options);
    Subject::from(format!(
        "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{stream}.{CONSUMER}"
    ))
}

/// How long an order from the stream may wait for a worker of this node.
pub(super) const HOLD_MAX: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_stays_in_the_stream_until_its_last_delivery_is_given_up() {
        let last = BACK_OFF[BACK_OFF.len() - 1];
        let given_up = BACK_OFF.iter().sum::<u32>() + last;
        assert!(given_up < KEPT, "{given_up}");
    }
}
