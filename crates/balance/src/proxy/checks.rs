//! Active checks: asks each node for `/readyz`.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::wait;
use crate::settings::Checks;
use crate::{CheckFailure, Node, Pool};

/// The part of the time of a check in which its connection must open. A machine that is gone answers nothing, so this is
/// how it differs from a node that hangs: the system of that one still accepts connections.
const CONNECT_PERCENT: u32 = 75;

/// Checks nodes.
#[derive(Debug, Clone)]
pub(super) struct Checker {
    client: Client,
    rules: Checks,
}

impl Checker {
    pub(super) fn new(rules: Checks) -> reqwest::Result<Self> {
        let client = Client::builder()
            .timeout(rules.timeout)
            .connect_timeout(rules.timeout * CONNECT_PERCENT / 100)
            .redirect(Policy::none())
            .no_proxy()
            // Each check opens a connection, because a new request may need one too.
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { client, rules })
    }

    /// Checks a node once.
    pub(super) async fn check(&self, pool: &Pool, node: &Arc<Node>) {
        let outcome = self.ask(node).await;
        pool.checked(node, outcome, Instant::now());
    }

    /// Checks a node until it is removed or the balancer ends.
    pub(super) async fn watch(self, pool: Arc<Pool>, node: Arc<Node>, ended: CancellationToken) {
        while !wait(self.interval(), &ended).await {
            if !pool.nodes().iter().any(|one| Arc::ptr_eq(one, &node)) {
                return;
            }
            self.check(&pool, &node).await;
        }
    }

    fn interval(&self) -> Duration {
        let jitter = self.rules.interval * self.rules.jitter_percent / 100;
        // Without randomness the checks of several balancers may coincide, which does no harm.
        let chance = getrandom::u32().unwrap_or_default();
        self.rules.interval - jitter / 2 + jitter.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }

    async fn ask(&self, node: &Node) -> Result<(), CheckFailure> {
        let url = format!("http://{}/readyz", node.address());
        match self.client.get(url).send().await {
            Ok(answer) if answer.status() == StatusCode::OK => Ok(()),
            Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => {
                Err(CheckFailure::NotReady)
            }
            Ok(_) => Err(CheckFailure::Wrong),
            Err(error) if error.is_connect() => Err(CheckFailure::Unreachable),
            Err(error) if error.is_timeout() => Err(CheckFailure::Silent),
            Err(_) => Err(CheckFailure::Wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpSocket, TcpStream};
    use tokio::time::timeout;

    use super::*;

    /// A listener whose queue is full. The system ignores further attempts to connect, as a machine that is gone does.
    async fn gone() -> (std::net::SocketAddr, impl Sized) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        let patience = Duration::from_millis(500);
        while let Ok(stream) = timeout(patience, TcpStream::connect(address)).await {
            queue.push(stream.unwrap());
        }
        (address, (listener, queue))
    }

    #[tokio::test]
    async fn a_machine_that_is_gone_is_unreachable_and_not_silent() {
        let (address, _held) = gone().await;
        let rules = Checks {
            timeout: Duration::from_secs(4),
            ..Checks::default()
        };
        let checker = Checker::new(rules).unwrap();
        let outcome = checker.ask(&Node::new(address, 1)).await;
        assert_eq!(outcome, Err(CheckFailure::Unreachable));
    }
}
