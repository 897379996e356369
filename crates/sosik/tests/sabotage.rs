//! Builds that break a promise on purpose: the checker detects each by what clients see.
//!
//! Runs with `--features sabotage` only. Other builds cannot break a promise.

#![cfg(feature = "sabotage")]
#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use common::{Folder, Server};
use sosik_decorators::Sabotage;

/// Servers that run at the same time. More would only wait for a processor.
const AT_ONCE: usize = 7;

/// The checker's names for a broken promise. At least one of them must be among the violations.
const fn names(sabotage: Sabotage) -> &'static [&'static str] {
    match sabotage {
        Sabotage::AcknowledgeUnwritten => &["lost"],
        Sabotage::DropLastChunk => &["undelivered", "stream_missed"],
        Sabotage::ShowWhatIsCached => &["leaked"],
        Sabotage::ForgetOwnStory => &["own_missing"],
        Sabotage::NewerByIdAlone => &["gap", "stream_missed"],
        Sabotage::SkipOneWhenPaging => &["gap"],
        Sabotage::IgnoreIdempotencyKey => &["posted_twice"],
        Sabotage::KeepDeleted => &["resurrected"],
        Sabotage::ShowTwice => &["duplicated"],
        Sabotage::OldestFirst => &["out_of_order"],
        Sabotage::ShowBlockedComments => &["leaked"],
        Sabotage::CountTwice => &["miscounted"],
        Sabotage::DeliverLate => &["late"],
        Sabotage::FailInsteadOfRefusing => &["silence"],
        Sabotage::AnswerBeforeNodes
        | Sabotage::ServeWithoutLease
        | Sabotage::SkipChangeLog
        | Sabotage::IgnoreFencing
        | Sabotage::AcknowledgeUndelivered
        | Sabotage::UseOwnClock => &[],
    }
}

/// Seconds of the runs against one server. A busy machine sends few requests in a short time, so a break that was not
/// caught is looked for in longer runs.
const RUNS: [u32; 3] = [4, 12, 36];

/// Whether the checker finds the broken promise, and what it found in the last run.
fn check(sabotage: Sabotage) -> (bool, Vec<String>) {
    let folder = Folder::new();
    let further = [
        "--set=rates.stories_per_person_burst=100000",
        "--set=rates.likes_per_person_burst=100000",
        "--set=rates.comments_per_person_burst=100000",
        "--set=rates.friend_requests_per_person_burst=100000",
    ];
    let server = Server::start_with(&folder, &further, &[("SOSIK_SABOTAGE", sabotage.name())]);
    let is_named = |kind: &String| names(sabotage).contains(&kind.as_str());
    let mut kinds = Vec::new();
    for seconds in RUNS {
        kinds = violations(&folder, &server, seconds);
        if kinds.iter().any(is_named) {
            return (true, kinds);
        }
    }
    (false, kinds)
}

/// The kinds of the violations that the checker finds in a run.
fn violations(folder: &Folder, server: &Server, seconds: u32) -> Vec<String> {
    let url = format!("--url={}", server.url);
    let seconds = format!("--seconds={seconds}");
    let ran = folder.run(&[
        "load",
        &url,
        "--check",
        "--json",
        &seconds,
        "--settle=2",
        "--cast-pace=30",
    ]);
    let report = ran.json();
    let violations = report["check"]["violations"].as_array().unwrap().iter();
    violations
        .map(|violation| violation["kind"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_build_that_breaks_a_promise_is_caught_by_what_its_clients_see() {
    // The others are in `broken_nodes.rs`.
    let promises = Sabotage::ALL.into_iter();
    let seen_here: Vec<_> = promises.filter(|one| !one.needs_a_fault()).collect();
    for some in seen_here.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let spawn = |sabotage: &Sabotage| {
                let sabotage = *sabotage;
                (sabotage, scope.spawn(move || check(sabotage)))
            };
            let checks: Vec<_> = some.iter().map(spawn).collect();
            for (sabotage, check) in checks {
                let (caught, kinds) = check.join().unwrap();
                assert!(caught, "{} was not caught, only {kinds:?}", sabotage.name());
            }
        });
    }
}

#[test]
fn a_promise_that_nobody_knows_is_refused() {
    let folder = Folder::new();
    let mut command = folder.command(&[
        "serve",
        "--set=server.listen=127.0.0.1:0",
        "--set=server.admin_listen=127.0.0.1:0",
    ]);
    let ran = command.env("SOSIK_SABOTAGE", "dance").output().unwrap();
    assert_eq!(ran.status.code(), Some(3));
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(told.contains("no promise is called dance"), "{told}");
}
