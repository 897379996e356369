//! The budget of repeated requests: a share of all requests, so that retries cannot multiply an overload.

use std::sync::atomic::{AtomicI64, Ordering};

/// Cost of one retry in the account, so that shares are whole numbers of per cent.
const RETRY_COST: i64 = 100;

/// Retries that are allowed at once, however few requests came before. A node that dies is noticed after a few.
const BURST: i64 = 50 * RETRY_COST;

/// Retries as a share of requests.
#[derive(Debug)]
pub struct RetryBudget {
    percent: i64,
    account: AtomicI64,
}

impl RetryBudget {
    /// Allows this many retries in a hundred requests, and 50 at the start.
    pub fn new(percent: u32) -> Self {
        Self {
            percent: percent.into(),
            account: AtomicI64::new(if percent == 0 { 0 } else { BURST }),
        }
    }

    /// Counts a request.
    pub fn request(&self) {
        if self.account.load(Ordering::Relaxed) < BURST {
            self.account.fetch_add(self.percent, Ordering::Relaxed);
        }
    }

    /// Whether a retry is left.
    pub fn is_left(&self) -> bool {
        self.account.load(Ordering::Relaxed) >= RETRY_COST
    }

    /// Takes a retry. `false` if the budget is used up.
    pub fn take(&self) -> bool {
        let spend = |account: i64| (account >= RETRY_COST).then(|| account - RETRY_COST);
        let order = Ordering::Relaxed;
        self.account.fetch_update(order, order, spend).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_a_share_of_requests() {
        let budget = RetryBudget::new(10);
        let at_once = (0..1_000).filter(|_| budget.take()).count();
        assert_eq!(at_once, 50);
        let retried = (0..1_000)
            .filter(|_| {
                budget.request();
                budget.take()
            })
            .count();
        assert_eq!(retried, 100);
    }

    #[test]
    fn without_a_share_nothing_is_retried() {
        let budget = RetryBudget::new(0);
        budget.request();
        assert!(!budget.take());
    }
}
