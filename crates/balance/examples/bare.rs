//! A proxy that is the library and nothing else: no checks, limits, retries or headers. `crates/bench/balancer.py --bare`
//! measures it beside the balancer, so that the cost of the library is known.
//!
//! Arguments: the address to listen on, and the nodes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use pingora_core::server::Server;
use pingora_core::server::configuration::ServerConf;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::{Error, ErrorType, Result};
use pingora_proxy::{ProxyHttp, Session, http_proxy_service};

struct Bare {
    nodes: Vec<SocketAddr>,
    turn: AtomicUsize,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _session: &mut Session, _ctx: &mut ()) -> Result<Box<HttpPeer>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let node = self.nodes.get(turn % self.nodes.len().max(1));
        let node = node.ok_or_else(|| Error::new(ErrorType::HTTPStatus(503)))?;
        Ok(Box::new(HttpPeer::new(*node, false, String::new())))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().ok_or("name an address to listen on")?;
    let nodes = arguments.map(|node| node.parse());
    let bare = Bare {
        nodes: nodes.collect::<Result<_, _>>()?,
        turn: AtomicUsize::new(0),
    };
    let conf = ServerConf {
        threads: std::thread::available_parallelism()?.get(),
        // Each thread has a runtime of its own, as in the balancer. Connections to nodes are shared.
        work_stealing: false,
        // Without these, a stop takes five minutes.
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(0),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    let mut service = http_proxy_service(&server.configuration, bare);
    service.add_tcp(&listen);
    server.add_service(service);
    server.bootstrap();
    server.run_forever()
}
