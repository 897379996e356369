//! Calls that fail on demand.

use async_trait::async_trait;
use foldhash::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::hooked::{CALLS, Hook, Refused};
use crate::hooked_leases::LEASE_CALLS;
use crate::hooked_store::STORE_CALLS;

/// A fault to inject into a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call returns an error and has no effect.
    Error,
    /// The call takes effect and returns an error, as if the response had been lost.
    LostAnswer,
    /// The call panics.
    Panic,
    /// The call waits until the fault is lifted or replaced.
    Wait,
}

/// The faults of wrapped engines and stores, changed while these are in use. Nothing fails until a fault is planned.
#[derive(Default)]
pub struct Faults {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    planned: HashMap<&'static str, Planned>,
    /// For each call, the number of responses that are lost.
    to_lose: HashMap<&'static str, u32>,
    begun: HashMap<&'static str, u64>,
}

struct Planned {
    fault: Fault,
    /// The number of remaining faults. `None`: until it is lifted.
    left: Option<u32>,
}

impl Faults {
    /// Every such call fails until [`Faults::lift`].
    pub fn always(&self, call: &'static str, fault: Fault) {
        self.plan(call, Planned { fault, left: None });
    }

    /// The next `times` such calls fail.
    pub fn next(&self, call: &'static str, fault: Fault, times: u32) {
        let left = Some(times);
        self.plan(call, Planned { fault, left });
    }

    /// Every call whose name has this prefix fails until the fault is lifted. Every call has the empty prefix.
    pub fn all(&self, prefix: &str, fault: Fault) {
        calls()
            .filter(|call| call.starts_with(prefix))
            .for_each(|call| self.always(call, fault));
    }

    /// Lifts the fault of a call. Waiting calls continue.
    pub fn lift(&self, call: &'static str) {
        self.state.lock().planned.remove(call);
        self.changed.notify_waiters();
    }

    /// Lifts all faults.
    pub fn lift_all(&self) {
        self.state.lock().planned.clear();
        self.changed.notify_waiters();
    }

    /// The number of such calls since the start, failed ones included.
    pub fn begun(&self, call: &'static str) -> u64 {
        self.state.lock().begun.get(call).copied().unwrap_or(0)
    }

    fn plan(&self, call: &'static str, planned: Planned) {
        assert!(
            calls().any(|known| known == call),
            "{call} is no call of a contract"
        );
        self.state.lock().planned.insert(call, planned);
        self.changed.notify_waiters();
    }

    /// The fault of a call that begins now.
    fn take(&self, call: &'static str) -> Option<Fault> {
        let mut state = self.state.lock();
        let planned = state.planned.get_mut(call)?;
        match &mut planned.left {
            None => {}
            Some(0) => return None,
            Some(left) => *left -= 1,
        }
        let fault = planned.fault;
        if fault == Fault::LostAnswer {
            *state.to_lose.entry(call).or_default() += 1;
        }
        Some(fault)
    }

    fn loses_answer(&self, call: &'static str) -> bool {
        let mut state = self.state.lock();
        let to_lose = state.to_lose.entry(call).or_default();
        let loses = *to_lose > 0;
        *to_lose = to_lose.saturating_sub(1);
        loses
    }
}

/// The calls of all contracts.
fn calls() -> impl Iterator<Item = &'static str> {
    let leases = LEASE_CALLS.iter();
    CALLS.iter().chain(STORE_CALLS).chain(leases).copied()
}

fn refused(call: &'static str) -> Refused {
    Refused(format!("{call} fails on purpose"))
}

#[async_trait]
impl Hook for Faults {
    #[expect(clippy::panic, reason = "the fault that a test asked for")]
    async fn before(&self, call: &'static str) -> Result<(), Refused> {
        *self.state.lock().begun.entry(call).or_default() += 1;
        loop {
            let changed = self.changed.notified();
            match self.take(call) {
                None | Some(Fault::LostAnswer) => return Ok(()),
                Some(Fault::Error) => return Err(refused(call)),
                Some(Fault::Panic) => panic!("{call} panics on purpose"),
                Some(Fault::Wait) => changed.await,
            }
        }
    }

    async fn after(&self, call: &'static str) -> Result<(), Refused> {
        if self.loses_answer(call) {
            return Err(refused(call));
        }
        Ok(())
    }
}
