//! A cast of people who do everything that the promises cover, and record it for the [checker](crate::check).
//!
//! They sign up for the run and know nobody else, so the record contains everything that decides what they may see.
//! Each person acts independently, at their own pace, by chance: posts (alone, in bursts, repeated under the same key),
//! reads in every way, deletes, unfriends, blocks, mutes. Then all writes stop, and everybody reads everything once
//! more. The cast records and never judges.

mod act;
mod comments;
mod player;
mod record;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, pending};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use self::record::Recorder;

use self::player::{CastContext, Player};
use crate::check::{Entry, Rules};
use crate::client::Client;
use crate::people::{Account, AccountError, sign_up_strangers};

/// Quiet time in addition to the time for deliveries. Streams send a heart-beat every few seconds, which shows that
/// they are still open.
const BEYOND: Duration = Duration::from_secs(4);

/// How the cast acts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Number of people; at least two.
    pub people: usize,
    /// Prefix of their handles. It must never have been used on this server before.
    pub name: String,
    /// How long they act before the quiet time.
    pub length: Duration,
    /// Time between two acts of one person.
    pub pace: Duration,
    /// The same seed makes the same choices.
    pub seed: u64,
    /// The rules that the checker applies. They contain the time for deliveries before the final reads.
    pub rules: Rules,
}

/// Runs the cast and returns the record. `recorder` may be shared with a task that injects faults.
///
/// # Errors
/// The cast cannot sign up.
pub async fn play(
    client: &Client,
    options: &Options,
    recorder: &Arc<Recorder>,
    stop: &CancellationToken,
) -> Result<Vec<Entry>, AccountError> {
    let people = sign_up_strangers(client, &options.name, options.people.max(2)).await?;
    let people: Arc<[Account]> = people.into();
    let context = Arc::new(CastContext::new(
        client.clone(),
        Arc::clone(&people),
        Arc::clone(recorder),
    ));
    context.record_people().await;

    let streams_end = CancellationToken::new();
    let watchers = (0..people.len()).step_by(2).map(|place| {
        tokio::spawn(watch::hold(
            Arc::clone(&context),
            place,
            streams_end.clone(),
        ))
    });
    let watchers: Vec<_> = watchers.collect();
    let end = stop.child_token();
    let players = (0..people.len()).map(|place| {
        let chance = ChaCha8Rng::seed_from_u64(options.seed ^ (place as u64) << 32);
        let player = Player::new(Arc::clone(&context), place, chance);
        tokio::spawn(player.play(options.pace, end.clone()))
    });
    let players: Vec<_> = players.collect();
    let _over = timeout(options.length, stop.cancelled()).await;
    end.cancel();
    let players = join_all(players).await;

    // Waits only for time to pass: deliveries are promised to arrive within it.
    let _quiet = timeout(options.rules.settle + BEYOND, pending::<()>()).await;
    for player in players.into_iter().flatten() {
        player.read_everything().await;
    }
    streams_end.cancel();
    // A watcher that panicked has recorded what it saw before.
    let _ended = join_all(watchers).await;
    Ok(recorder.entries())
}
