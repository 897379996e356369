//! CPU of a feed page, against the same bytes served statically by the same HTTP stack in the same run.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::http::header;
use axum::routing::get;
use bytes::Bytes;
use serde_json::json;
use sosik_api::{Api, Parts, Rates, Settings, Welcome};
use sosik_feed::PersonId;
use sosik_service::accounts::SignUpAsk;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::client;
use crate::measure::{micros_each, process_cpu, report};
use crate::world::World;

const FRIENDS: usize = 200;
const STORIES_EACH: usize = 5;
const CONNECTIONS: usize = 8;
/// Each side is measured so often, in turns; the fastest of each counts, since noise only ever adds.
const ROUNDS: usize = 3;

pub(crate) async fn measure(folder: &Path, requests: usize) -> anyhow::Result<()> {
    let world = World::new(folder).await?;
    let (reader, token) = reader(&world).await?;
    let friends = world.crowd("friend", FRIENDS).await?;
    let pairs = friends.iter().map(|friend| (reader, *friend)).collect();
    world.befriend(pairs).await?;
    for round in 0..STORIES_EACH {
        for friend in &friends {
            world
                .post(
                    *friend,
                    &format!(
                        "{round}번째 소식. 오늘은 날씨가 좋아서 강가를 걸었어요. 다들 잘 지내죠?"
                    ),
                )
                .await?;
        }
    }
    world.quiet().await?;

    let api = Api::new(Parts {
        service: world.service.clone(),
        settings: Settings {
            rates: Rates::all(u32::MAX, u32::MAX),
            ..Settings::default()
        },
        metrics: None,
        welcome: Welcome::default(),
        site: None,
        seed: 1,
    });
    let feed = serve(api.public()).await?;
    let page = one_page(&feed, &token).await?;
    let bytes = page.len();
    let fixed =
        serve(Router::new().route("/", get(move || async move { json_bytes(page.clone()) })))
            .await?;

    let (mut of_feed, mut of_fixed) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        of_fixed =
            of_fixed.min(cpu_of(&client::job(&fixed, "/", None, requests, CONNECTIONS)).await?);
        of_feed = of_feed.min(
            cpu_of(&client::job(
                &feed,
                "/v1/feed?limit=20",
                Some(&token),
                requests,
                CONNECTIONS,
            ))
            .await?,
        );
    }
    let ratio = (of_feed.as_secs_f64() / of_fixed.as_secs_f64() * 100.0).round() / 100.0;
    report(&json!({
        "name": "feed_read_warm", "bytes": bytes, "stories": 20, "friends": FRIENDS, "requests": requests,
        "cpu_micros": micros_each(of_feed, requests), "static_cpu_micros": micros_each(of_fixed, requests),
        "ratio_to_static": ratio,
    }));
    world.service.stop().await;
    Ok(())
}

/// Somebody with a session.
async fn reader(world: &World) -> anyhow::Result<(PersonId, String)> {
    let ask = SignUpAsk {
        handle: "reader".to_owned(),
        display_name: "Reader".to_owned(),
        password: "a fine long pass phrase".to_owned(),
        language: None,
        client: "bench".to_owned(),
    };
    let logged_in = world.service.sign_up(ask).await?;
    Ok((
        logged_in.person.record.id,
        logged_in.token.as_str().to_owned(),
    ))
}

/// Serves on a free port until the program ends; answers the address.
async fn serve(router: Router) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(sosik_api::serve(
        listener,
        router,
        CancellationToken::new(),
        Duration::ZERO,
    ));
    Ok(address)
}

fn json_bytes(body: Bytes) -> ([(header::HeaderName, &'static str); 1], Bytes) {
    ([(header::CONTENT_TYPE, "application/json")], body)
}

/// The page as the API serves it.
async fn one_page(address: &str, token: &str) -> anyhow::Result<Bytes> {
    let request = format!("http://{address}/v1/feed?limit=20");
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .get(request)
        .bearer_auth(token)
        .send()
        .await?;
    ensure!(
        answer.status().is_success(),
        "the feed answers {}",
        answer.status()
    );
    Ok(answer.bytes().await?)
}

/// CPU time this process spends while another one does the asking.
async fn cpu_of(job: &str) -> anyhow::Result<Duration> {
    let myself = std::env::current_exe()?;
    let job = job.to_owned();
    let before = process_cpu();
    let status =
        tokio::task::spawn_blocking(move || Command::new(myself).args(["--client", &job]).status())
            .await??;
    ensure!(status.success(), "the client failed");
    process_cpu()
        .checked_sub(before)
        .context("CPU time goes forward")
}
