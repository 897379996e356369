//! The first page: what Sosik is and how to try it. Browsers get HTML and terminals text, with the same lines.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::html::escape;

/// People for trying the API.
#[derive(Debug, Clone, Default)]
pub struct Welcome {
    /// Handles and passwords that are not secret. Empty on a real service: the lines then create an account.
    pub people: Vec<(String, String)>,
}

/// No scripts, and only the style sheet of this page.
const CSP_WELCOME: &str = "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = "\
:root { color-scheme: light dark }
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
pre { font-size: .9rem; padding: 1rem; border: 1px solid; border-radius: .5rem; overflow-x: auto }
";

/// `GET /` without a web client or without a browser.
pub(crate) fn page(app: &App, headers: &HeaderMap) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    let lines = lines(&app.settings.public_url, &app.welcome);
    let mut response = if accept.contains("text/html") {
        (
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            html(&lines),
        )
            .into_response()
    } else {
        (
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            text(&lines),
        )
            .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CSP_WELCOME),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        header::VARY,
        HeaderValue::from(HeaderName::from_static("accept")),
    );
    response
}

/// `GET /welcome.css`
pub(crate) async fn style() -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ],
        STYLE,
    )
}

/// Shell commands, each with its description.
fn lines(url: &str, welcome: &Welcome) -> Vec<(&'static str, String)> {
    let json = "-H 'Content-Type: application/json'";
    let enter = match welcome.people.first() {
        Some((handle, password)) => (
            "Log in as one of the people here, and keep the token",
            format!(
                "TOKEN=$(curl -s {url}/v1/sessions {json} \\\n  -d '{{\"handle\":\"{handle}\",\"password\":\"{password}\"}}' \
                 | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')"
            ),
        ),
        None => (
            "Create an account, and keep the token",
            format!(
                "TOKEN=$(curl -s {url}/v1/people {json} \\\n  -d '{{\"handle\":\"mina\",\"display_name\":\"Mina\",\
                 \"password\":\"choose-a-long-one\"}}' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')"
            ),
        ),
    };
    let signed = "-H \"Authorization: Bearer $TOKEN\"";
    vec![
        enter,
        (
            "Read the home feed",
            format!("curl -s {signed} '{url}/v1/feed?limit=5'"),
        ),
        (
            "Post a story for your friends; \"audience\":\"public\" makes it visible to everybody",
            format!(
                "curl -s {signed} {json} {url}/v1/stories -d '{{\"text\":\"hello from curl #first\"}}'"
            ),
        ),
        (
            "Follow the feed live",
            format!("curl -sN {signed} {url}/v1/feed/stream"),
        ),
        ("Everything else", format!("curl -s {url}/openapi.json")),
    ]
}

const WHAT: &str = "Sosik is a news feed server: people post stories, their friends and followers see them on their home \
                    page, newest first.";

fn text(lines: &[(&str, String)]) -> String {
    let mut out = format!("{WHAT}\n");
    for (what, line) in lines {
        out.push_str(&format!("\n# {what}\n{line}\n"));
    }
    out
}

fn html(lines: &[(&str, String)]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Sosik</title>\n\
         <link rel=\"stylesheet\" href=\"/welcome.css\">\n</head>\n<body>\n<h1 lang=\"ko\">소식 Sosik</h1>\n\
         <p>{WHAT}</p>\n<p>The API is described at <a href=\"/docs\">/docs</a>, for programs at \
         <a href=\"/openapi.json\">/openapi.json</a>. To try it:</p>\n"
    );
    for (what, line) in lines {
        out.push_str(&format!(
            "<h2>{}</h2>\n<pre><code>{}</code></pre>\n",
            escape(what),
            escape(line)
        ));
    }
    out.push_str("</body>\n</html>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_script_and_no_style_of_its_own_and_escapes_what_it_shows() {
        let people = vec![("<b>".to_owned(), "p&q".to_owned())];
        let page = html(&lines("http://x", &Welcome { people }));
        assert!(page.contains("&lt;b&gt;") && page.contains("p&amp;q"));
        assert!(
            !page.contains("<b>")
                && !page.contains("<script")
                && !page.contains("style=")
                && !page.contains("<style")
        );
    }
}
