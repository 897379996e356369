//! The web client as the executable serves it to browsers.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use common::{Folder, Server};
use reqwest::{Client, Response, StatusCode};

async fn get(url: &str, path: &str, accept: &str) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("{url}{path}")).header("accept", accept);
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers()[name].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_get_the_client_at_every_address_of_its_own_and_nowhere_else() {
    const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let url = server.url.as_str();

    let front = get(url, "/", BROWSER).await;
    let policy = header(&front, "content-security-policy").to_owned();
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(header(&front, "cache-control"), "no-cache");
    let tag = header(&front, "etag").to_owned();
    let page = front.text().await.unwrap();
    assert!(page.contains("<div id=\"app\">"), "{page}");
    for path in ["/@mina", "/stories/1", "/settings/sessions", "/@a.b"] {
        assert_eq!(
            get(url, path, BROWSER).await.text().await.unwrap(),
            page,
            "{path}"
        );
    }

    let asset = page
        .split('"')
        .find(|text| text.starts_with("/assets/"))
        .unwrap();
    let script = get(url, asset, "*/*").await;
    assert_eq!(script.status(), StatusCode::OK);
    assert_eq!(
        header(&script, "cache-control"),
        "public, max-age=31536000, immutable"
    );

    let client = Client::builder().no_proxy().build().unwrap();
    let again = client
        .get(url)
        .header("accept", BROWSER)
        .header("if-none-match", tag);
    assert_eq!(
        again.send().await.unwrap().status(),
        StatusCode::NOT_MODIFIED
    );

    for (path, accept) in [
        ("/assets/gone.js", "*/*"),
        ("/@mina", "application/json"),
        ("/v1/nothing", BROWSER),
    ] {
        let answer = get(url, path, accept).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            header(&answer, "content-type"),
            "application/problem+json",
            "{path}"
        );
    }
    // The client's service worker caches the front page and requests it like any file.
    assert_eq!(get(url, "/", "*/*").await.text().await.unwrap(), page);
    let terminal = client.get(url).header("user-agent", "curl/8.5.0");
    let lines = terminal.send().await.unwrap().text().await.unwrap();
    assert!(
        lines.contains("curl"),
        "a terminal gets lines to type: {lines}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_reference_comes_from_here_alone_and_is_kept_on_no_phone() {
    const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let url = server.url.as_str();

    let reference = get(url, "/docs", BROWSER).await;
    let policy = header(&reference, "content-security-policy").to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let page = reference.text().await.unwrap();
    assert_eq!(
        get(url, "/docs/", BROWSER).await.text().await.unwrap(),
        page
    );
    let linked: Vec<_> = page
        .split('"')
        .filter(|text| text.starts_with('/') && !text.contains(['>', ' ']))
        .collect();
    assert!(linked.contains(&"/docs/swagger-ui-bundle.js"), "{page}");
    assert!(
        !page.contains("//"),
        "only addresses of this server: {page}"
    );
    for path in linked {
        assert_eq!(
            get(url, path, "*/*").await.status(),
            StatusCode::OK,
            "{path}"
        );
    }
    let worker = get(url, "/sw.js", "*/*").await.text().await.unwrap();
    assert!(worker.contains("/assets/") && !worker.contains("swagger"));

    let client = Client::builder().no_proxy().build().unwrap();
    let terminal = client
        .get(format!("{url}/docs"))
        .header("user-agent", "curl/8.5.0");
    let lines = terminal.send().await.unwrap().text().await.unwrap();
    assert!(lines.contains("/openapi.json"), "{lines}");
}
