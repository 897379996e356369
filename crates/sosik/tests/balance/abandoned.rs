//! Requests on HTTP/2 that their client gives up after they have reached a node.

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::fake::{Behaviour, Fake};
use crate::support::{Balancer, PATIENCE};

/// More than a connection may give up beyond what it lets end.
const MANY: usize = 1_000;

struct Client {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        Self {
            requests,
            connection,
        }
    }

    /// Sends a request, and gives it up when it has reached the node. Returns whether the connection still served it.
    async fn gives_up(&mut self, fake: &Fake) -> bool {
        let before = fake.requests().len();
        let request = http::Request::get("http://a/").body(()).unwrap();
        let Ok(mut ready) = self.requests.clone().ready().await else {
            return false;
        };
        let Ok((_answer, mut body)) = ready.send_request(request, true) else {
            return false;
        };
        while fake.requests().len() == before {
            if self.connection.is_finished() {
                return false;
            }
            tokio::task::yield_now().await;
        }
        body.send_reset(h2::Reason::CANCEL);
        true
    }

    /// Sends a request and waits for its answer.
    async fn lets_end(&mut self) -> bool {
        let request = http::Request::get("http://a/").body(()).unwrap();
        let Ok(mut ready) = self.requests.clone().ready().await else {
            return false;
        };
        let Ok((answer, _body)) = ready.send_request(request, true) else {
            return false;
        };
        let Ok(answer) = answer.await else {
            return false;
        };
        let mut body = answer.into_body();
        while let Some(Ok(_bytes)) = body.data().await {}
        true
    }
}

#[tokio::test]
async fn a_client_that_gives_up_request_after_request_is_disconnected() {
    let fakes = [Fake::start(Behaviour::Silent).await];
    let balancer = Balancer::before(&fakes, &[]);
    let mut client = Client::connect(balancer.address()).await;
    let mut given_up = 0;
    let abuse = async {
        while given_up < MANY && client.gives_up(&fakes[0]).await {
            given_up += 1;
        }
    };
    timeout(PATIENCE, abuse).await.unwrap();
    assert!((100..MANY).contains(&given_up), "{given_up}");
    fakes[0].behave(Behaviour::Good);
    assert_eq!(balancer.statuses(10).await, [200; 10]);
}

#[tokio::test]
async fn a_client_that_gives_up_as_many_requests_as_it_lets_end_stays() {
    let fakes = [Fake::start(Behaviour::Silent).await];
    let balancer = Balancer::before(&fakes, &[]);
    let mut client = Client::connect(balancer.address()).await;
    let use_it = async {
        for _ in 0..5 {
            fakes[0].behave(Behaviour::Silent);
            for _ in 0..40 {
                assert!(client.gives_up(&fakes[0]).await);
            }
            fakes[0].behave(Behaviour::Good);
            for _ in 0..40 {
                assert!(client.lets_end().await);
            }
        }
    };
    timeout(PATIENCE, use_it).await.unwrap();
}
