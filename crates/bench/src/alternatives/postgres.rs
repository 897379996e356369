//! Fan-out on read: one query joins the reader's friends with their newest stories.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Path as Of;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures::{SinkExt, pin_mut};
use serde_json::json;
use tokio_postgres::{Client, NoTls, Row as Found, Statement};

use super::Bench;
use crate::client::CONNECTIONS;
use crate::report::Report;
use crate::serving::Server;

/// Bytes sent to the database in one piece during loading.
const COPY_BYTES: usize = 1 << 20;

/// The whole world in memory, no background work, and no parallel workers for a query of a millisecond.
const SETTINGS: [&str; 6] = [
    "shared_buffers=1GB",
    "autovacuum=off",
    "max_parallel_workers_per_gather=0",
    "jit=off",
    "max_wal_size=8GB",
    "random_page_cost=1.1",
];

const SCHEMA: &str = "
    CREATE TABLE people (id bigint PRIMARY KEY, handle text NOT NULL, display_name text NOT NULL);
    CREATE TABLE friendships (person bigint, friend bigint);
    CREATE TABLE stories (id bigint, author bigint NOT NULL, text text NOT NULL,
        likes int NOT NULL DEFAULT 0, comments int NOT NULL DEFAULT 0);
    CREATE TABLE likes (person bigint, story bigint, PRIMARY KEY (person, story));";

/// Keys are created after the rows. `VACUUM` lets the indexes alone answer.
const INDEXES: [&str; 5] = [
    "ALTER TABLE friendships ADD PRIMARY KEY (person, friend)",
    "ALTER TABLE stories ADD PRIMARY KEY (id)",
    "CREATE INDEX ON stories (author, id DESC)",
    "VACUUM ANALYZE",
    "CHECKPOINT",
];

/// Takes the newest ids of each author from the index alone, then the newest twenty of these, and reads only their
/// texts.
const PAGE: &str = "
    SELECT s.id, s.author, p.handle, p.display_name, s.text, s.likes, s.comments,
        EXISTS (SELECT 1 FROM likes l WHERE l.person = $1 AND l.story = s.id) AS liked
    FROM (SELECT n.id FROM
            (SELECT friend AS author FROM friendships WHERE person = $1 UNION ALL SELECT $1) a
            CROSS JOIN LATERAL
            (SELECT id FROM stories WHERE author = a.author ORDER BY id DESC LIMIT 20) n
        ORDER BY n.id DESC LIMIT 20) top
    JOIN stories s ON s.id = top.id JOIN people p ON p.id = s.author
    ORDER BY s.id DESC";

pub(super) async fn measure(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let daemon = sosik_servers::Postgres::start(&SETTINGS)?;
    let first = connect(&daemon).await?;
    fill(&first, bench).await?;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = connect(&daemon).await?;
        let page = client.prepare(PAGE).await?;
        clients.push((client, page));
    }
    let server = Server::start(router(clients)).await?;
    let shape = &bench.filled.shape;
    let usual: Vec<u64> = shape.usual_readers().collect();
    let row = bench
        .compare("alternative_postgres_join", &usual, &server, || {
            daemon.cpu()
        })
        .await?;
    report.add(row.with("friends", shape.reader_friends));
    let name = "alternative_postgres_join_5000_friends";
    let row = bench
        .compare(name, &[shape.heavy_reader()], &server, || daemon.cpu())
        .await?;
    report.add(row.with("friends", shape.heavy_friends));
    Ok(())
}

async fn connect(server: &sosik_servers::Postgres) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(&server.url("postgres"), NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn fill(client: &Client, bench: &Bench<'_>) -> anyhow::Result<()> {
    client.batch_execute(SCHEMA).await?;
    let (shape, filled) = (bench.filled.shape, bench.filled);
    let id = |number| filled.person(number).raw().as_u64();
    let people = (0..shape.people)
        .map(|number| format!("{}\tperson{number}\tPerson {number}\n", id(number)));
    copy(client, "people", people).await?;
    // Both directions, each pair once. A far friend of one reader may be a ring neighbour of another.
    let mut pairs: Vec<(u64, u64)> = shape
        .friendships()
        .flat_map(|(one, other)| [(one, other), (other, one)])
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let pairs = pairs
        .into_iter()
        .map(|(one, other)| format!("{}\t{}\n", id(one), id(other)));
    copy(client, "friendships", pairs).await?;
    let stories = bench
        .stories()
        .map(|(id, author, text)| format!("{id}\t{author}\t{text}\n"));
    copy(client, "stories (id, author, text)", stories).await?;
    for statement in INDEXES {
        client.batch_execute(statement).await?;
    }
    Ok(())
}

async fn copy(
    client: &Client,
    table: &str,
    lines: impl Iterator<Item = String>,
) -> anyhow::Result<()> {
    let sink = client.copy_in(&format!("COPY {table} FROM STDIN")).await?;
    pin_mut!(sink);
    let mut piece = String::with_capacity(COPY_BYTES * 2);
    for line in lines {
        piece += &line;
        if piece.len() >= COPY_BYTES {
            sink.send(Bytes::from(std::mem::take(&mut piece))).await?;
        }
    }
    sink.send(Bytes::from(piece)).await?;
    sink.finish().await?;
    Ok(())
}

/// One connection with its prepared query for each connection of the client.
struct Pool {
    clients: Vec<(Client, Statement)>,
    turn: AtomicUsize,
}

fn router(clients: Vec<(Client, Statement)>) -> Router {
    let turn = AtomicUsize::new(0);
    let pool = Arc::new(Pool { clients, turn });
    Router::new().route(
        "/feed/{reader}",
        get(move |Of(reader): Of<i64>| page(Arc::clone(&pool), reader)),
    )
}

async fn page(pool: Arc<Pool>, reader: i64) -> Response {
    let turn = pool.turn.fetch_add(1, Ordering::Relaxed);
    let (client, page) = &pool.clients[turn % pool.clients.len()];
    match client.query(page, &[&reader]).await {
        Ok(found) => axum::Json(json!({
            "items": found.iter().map(story).collect::<Vec<_>>(),
            "before": found.last().map(|last| last.get::<_, i64>(0).to_string()),
        }))
        .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn story(found: &Found) -> serde_json::Value {
    json!({
        "id": found.get::<_, i64>(0).to_string(),
        "author": {
            "id": found.get::<_, i64>(1).to_string(),
            "handle": found.get::<_, &str>(2),
            "display_name": found.get::<_, &str>(3),
        },
        "text": found.get::<_, &str>(4),
        "likes": found.get::<_, i32>(5),
        "comments": found.get::<_, i32>(6),
        "liked": found.get::<_, bool>(7),
    })
}
