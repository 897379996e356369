//! Links and names that are fetched, and those that are not.

use sosik_media::preview::{BadLink, FetchError, normalized};

use super::{PATIENCE, World, html, redirect};

#[tokio::test]
async fn links_that_are_not_for_the_public_web_are_not_fetched() {
    let cases = [
        ("ftp://site.example/", BadLink::Scheme),
        ("file:///etc/passwd", BadLink::Scheme),
        ("gopher://site.example/", BadLink::Scheme),
        ("javascript:alert(1)", BadLink::Scheme),
        ("http://user@site.example/", BadLink::Credentials),
        ("http://site.example@127.0.0.1/", BadLink::Credentials),
        ("http://:secret@site.example/", BadLink::Credentials),
        ("http://site.example:22/", BadLink::Port),
        ("http://site.example:6379/", BadLink::Port),
        ("https://site.example:8443/", BadLink::Port),
        ("http://", BadLink::Invalid),
        ("//site.example/", BadLink::Invalid),
        ("site.example", BadLink::Invalid),
        ("http://[::1/", BadLink::Invalid),
        ("http://256.256.256.256/", BadLink::Invalid),
    ];
    let world = World::start(vec![]).await;
    for (link, reason) in cases {
        let outcome = world.preview(link).await;
        assert!(
            matches!(outcome, Err(FetchError::BadLink(found)) if found == reason),
            "{link}: {outcome:?}"
        );
    }
    let long = format!("http://site.example/{}", "a".repeat(2048));
    let outcome = world.preview(&long).await;
    assert!(
        matches!(outcome, Err(FetchError::BadLink(BadLink::Invalid))),
        "{outcome:?}"
    );
    assert_eq!(world.connected(), [""; 0]);
}

#[tokio::test]
async fn no_redirect_to_something_else_than_the_public_web_is_followed() {
    let cases = [
        ("file:///etc/passwd", BadLink::Scheme),
        ("ftp://site.example/", BadLink::Scheme),
        ("gopher://site.example/", BadLink::Scheme),
        ("data:text/html,<title>x</title>", BadLink::Scheme),
        ("http://user:secret@site.example/", BadLink::Credentials),
        ("//user@site.example/", BadLink::Credentials),
        ("http://site.example:22/", BadLink::Port),
        ("//site.example:6379/", BadLink::Port),
        ("http://", BadLink::Invalid),
    ];
    for (target, reason) in cases {
        let world = World::start(vec![("/go", redirect(target))]).await;
        let outcome = world.preview("http://site.example/go").await;
        assert!(
            matches!(outcome, Err(FetchError::BadLink(found)) if found == reason),
            "{target}: {outcome:?}"
        );
        assert_eq!(world.connected(), ["93.184.216.34:80"], "{target}");
    }
    let long = redirect(&format!("/{}", "a".repeat(2048)));
    let world = World::start(vec![("/go", long), ("/", html("<title>x</title>"))]).await;
    let outcome = world.preview("http://site.example/go").await;
    assert!(
        matches!(outcome, Err(FetchError::BadLink(BadLink::Invalid))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn names_are_resolved_as_browsers_spell_them_and_checked_whatever_they_are() {
    let names = vec![
        ("xn--9l4b4x.example", vec![vec!["8.8.4.4"]]),
        ("localhost", vec![vec!["127.0.0.1", "::1"]]),
        ("localhost.", vec![vec!["127.0.0.1"]]),
        ("metadata.google.internal", vec![vec!["169.254.169.254"]]),
    ];
    let world = World::with(vec![("/", html("<title>x</title>"))], names, PATIENCE).await;
    for link in [
        "http://localhost/",
        "http://LOCALHOST/",
        "http://localhost./",
        "http://ｌｏｃａｌｈｏｓｔ/",
        "http://metadata.google.internal/",
    ] {
        let outcome = world.preview(link).await;
        assert!(
            matches!(outcome, Err(FetchError::NotPublic)),
            "{link}: {outcome:?}"
        );
    }
    for unknown in ["http://site.example./", "http://x.example/"] {
        let outcome = world.preview(unknown).await;
        assert!(
            matches!(outcome, Err(FetchError::Unreachable)),
            "{unknown}: {outcome:?}"
        );
    }
    let long = format!("http://{}example/", "a.".repeat(600));
    let outcome = world.preview(&long).await;
    assert!(
        matches!(
            outcome,
            Err(FetchError::Unreachable | FetchError::BadLink(BadLink::Invalid))
        ),
        "{outcome:?}"
    );
    assert_eq!(world.connected(), [""; 0]);
    world.preview("http://소식.example/").await.unwrap();
    assert_eq!(world.connected(), ["8.8.4.4:80"]);
}

#[test]
fn links_with_the_same_target_have_one_form() {
    let form = |link: &str| normalized(link).map(String::from);
    let wanted = Ok("http://site.example/a?b".to_owned());
    for link in [
        "http://site.example/a?b",
        "HTTP://Site.EXAMPLE:80/a?b#part",
        "http://site.example/./x/../a?b",
    ] {
        assert_eq!(form(link), wanted, "{link}");
    }
    assert_eq!(form("http://site.example:22/"), Err(BadLink::Port));
}
