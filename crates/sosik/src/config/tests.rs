//! Tests of sources, rejected values and generated texts, without a process.

use std::path::PathBuf;

use super::{Inputs, Loaded, Problems, Source, described, load, render};

mod keys;

#[derive(Default)]
struct Given {
    file: Option<&'static str>,
    environment: Vec<(&'static str, &'static str)>,
    flags: Vec<&'static str>,
}

impl Given {
    fn load(self) -> Result<Loaded, Problems> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        load(Inputs {
            file: self
                .file
                .map(|text| (PathBuf::from("sosik.toml"), text.to_owned())),
            environment: self.environment.into_iter().map(owned).collect(),
            flags: self.flags.into_iter().map(str::to_owned).collect(),
        })
    }
}

fn file(text: &'static str) -> Given {
    Given {
        file: Some(text),
        ..Given::default()
    }
}

fn environment(name: &'static str, value: &'static str) -> Given {
    Given {
        environment: vec![(name, value)],
        ..Given::default()
    }
}

fn flag(flag: &'static str) -> Given {
    Given {
        flags: vec![flag],
        ..Given::default()
    }
}

/// Checks that the configuration is rejected with a message that contains all parts.
fn check_refused(given: Given, parts: &[&str]) {
    let message = given.load().expect_err("should be refused").to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing in:\n{message}");
    }
}

#[test]
fn every_default_is_within_its_range() {
    for section in described() {
        for entry in &section.entries {
            // Written as in a flag, in which commas separate the items of a list.
            let text = match &entry.default {
                toml::Value::String(text) => text.clone(),
                toml::Value::Array(_) => String::new(),
                other => other.to_string(),
            };
            let flags = vec![format!("{}={text}", section.key(entry))];
            let loaded = load(Inputs {
                flags,
                ..Inputs::default()
            });
            assert!(loaded.is_ok(), "{}", loaded.expect_err("checked"));
        }
    }
}

#[test]
fn nothing_set_is_a_configuration() {
    let loaded = Given::default().load().unwrap();
    assert_eq!(loaded.config.server.listen.to_string(), "127.0.0.1:8420");
    assert_eq!(loaded.config.urls.store.to_string(), "sqlite:data/sosik.db");
    assert!(loaded.is_default("server.listen"));
}

#[test]
fn a_flag_wins_over_the_environment_which_wins_over_the_file() {
    let text = "[delivery]\nworkers = 3\nchunk = 300\nattempts_max = 30\n";
    let given = Given {
        file: Some(text),
        environment: vec![
            ("SOSIK_DELIVERY__CHUNK", "400"),
            ("SOSIK_DELIVERY__ATTEMPTS_MAX", "40"),
        ],
        flags: vec!["delivery.attempts_max=1", "delivery.attempts_max=50"],
    };
    let loaded = given.load().unwrap();
    let delivery = &loaded.config.service.delivery;
    assert_eq!(
        (delivery.workers, delivery.chunk, delivery.attempts_max),
        (3, 400, 50)
    );
    assert!(!loaded.is_default("delivery.workers"));
    assert!(loaded.is_default("delivery.claim_seconds"));

    let page = render::effective(&loaded.sections);
    assert!(page.contains("from: sosik.toml:2\nworkers = 3"), "{page}");
    assert!(
        page.contains("from: environment variable SOSIK_DELIVERY__CHUNK\nchunk = 400"),
        "{page}"
    );
    assert!(page.contains("from: --set\nattempts_max = 50"), "{page}");
}

#[test]
fn text_is_read_by_the_type_of_its_key_and_not_by_its_looks() {
    let loaded = environment("SOSIK_NODE__NAME", "12").load().unwrap();
    assert_eq!(loaded.config.service.node.name, "12");
    let loaded = flag("delivery.push_followers_max=20_000").load().unwrap();
    assert_eq!(loaded.config.service.delivery.large_author.above, 20_000);
}

#[test]
fn a_list_is_an_array_in_the_file_and_separated_by_commas_elsewhere() {
    let from_file = file("[server]\ntrusted_proxies = [\"10.0.0.1\", \"::1\"]")
        .load()
        .unwrap();
    let from_flag = flag("server.trusted_proxies=10.0.0.1, ::1").load().unwrap();
    let array = flag("server.trusted_proxies=[\"10.0.0.1\", \"::1\"]");
    assert_eq!(
        array.load().unwrap().config.api.connections.trusted_proxies,
        from_flag.config.api.connections.trusted_proxies
    );
    let torn = flag("server.trusted_proxies=[\"10.0.0.1\"")
        .load()
        .unwrap_err();
    assert!(torn.to_string().contains("is not an array"), "{torn}");
    assert_eq!(
        from_file.config.api.connections.trusted_proxies,
        from_flag.config.api.connections.trusted_proxies
    );
    assert_eq!(from_flag.config.api.connections.trusted_proxies.len(), 2);
    let none = environment("SOSIK_SERVER__TRUSTED_PROXIES", "")
        .load()
        .unwrap();
    assert!(none.config.api.connections.trusted_proxies.is_empty());
}

#[test]
fn trusted_proxies_are_addresses_or_networks() {
    let proxies = |text: &'static str| environment("SOSIK_SERVER__TRUSTED_PROXIES", text).load();
    let loaded = proxies("10.0.0.0/8, 192.0.2.1, 2001:db8::/32").unwrap();
    let page = render::effective(&loaded.sections);
    let shown = r#"trusted_proxies = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]"#;
    assert!(page.contains(shown), "{page}");
    for (wrong, why) in [
        ("10.0.0.1/8", "write 10.0.0.0/8 for the network"),
        ("10.0.0.0/33", "neither an IP address nor a network"),
        ("proxy.example", "neither an IP address nor a network"),
        ("::ffff:10.0.0.1", "write it as version 4"),
    ] {
        let problems = proxies(wrong).unwrap_err().to_string();
        assert!(problems.contains(why), "{wrong}: {problems}");
    }
}

#[test]
fn the_header_of_the_proxies_is_one_of_two() {
    let header = |text: &'static str| environment("SOSIK_SERVER__FORWARDED_HEADER", text).load();
    assert_eq!(
        header("Forwarded").unwrap().config.api.forwarded_header,
        sosik_api::ForwardedHeader::Forwarded
    );
    let problems = header("x-real-ip").unwrap_err().to_string();
    assert!(
        problems.contains("x-forwarded-for or forwarded"),
        "{problems}"
    );
}

#[test]
fn a_secret_is_shown_nowhere() {
    let token = "0123456789abcdef-secret";
    let loaded = environment("SOSIK_SERVER__ADMIN_TOKEN", token)
        .load()
        .unwrap();
    assert_eq!(loaded.config.server.admin_token.reveal(), Some(token));
    let shown = format!("{:?} {:?}", loaded.config, loaded.sections);
    assert!(!shown.contains(token), "{shown}");
    for wrong in ["short-secret", "a secret with spaces in it"] {
        let problems = environment("SOSIK_SERVER__ADMIN_TOKEN", wrong)
            .load()
            .unwrap_err()
            .to_string();
        assert!(!problems.contains(wrong), "{problems}");
        assert!(problems.contains("16 to 512 visible"), "{problems}");
    }
    let number = file("[server]\nadmin_token = 1234567890123456");
    let problems = number.load().unwrap_err().to_string();
    assert!(!problems.contains("1234567890123456"), "{problems}");
}

#[test]
fn the_administration_token_comes_from_one_place() {
    let both = file("[server]\nadmin_token = \"0123456789abcdef\"\nadmin_token_file = \"token\"");
    let problems = both.load().unwrap_err().to_string();
    assert!(problems.contains("are both set"), "{problems}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let mut server = crate::config::Config::default().server;
    assert_eq!(server.admin_token_in_effect().unwrap(), None);
    server.admin_token_file = path.to_string_lossy().into_owned();
    assert!(server.admin_token_in_effect().is_err(), "there is no file");
    std::fs::write(&path, "0123456789abcdef\n").unwrap();
    assert_eq!(
        server.admin_token_in_effect().unwrap().as_deref(),
        Some("0123456789abcdef")
    );
    std::fs::write(&path, "short\n").unwrap();
    let problem = server.admin_token_in_effect().unwrap_err().to_string();
    assert!(
        problem.contains("holds no token") && !problem.contains("short"),
        "{problem}"
    );
}

#[test]
fn an_unknown_key_is_refused_with_the_key_that_was_meant() {
    check_refused(
        file("[server]\nlisten_adress = 1\ncors_origin = []"),
        &[
            "sosik.toml:3",
            "\"server.cors_origin\"",
            "did you mean server.cors_origins?",
            "\"server.listen_adress\"",
        ],
    );
    check_refused(
        file("[delivery]\npage_max = 3"),
        &["did you mean feed.page_max?"],
    );
    check_refused(
        file("[sevrer]\n"),
        &["\"sevrer\"", "did you mean [server]?"],
    );
    check_refused(
        flag("zzz.qqq=1"),
        &["--set", "\"zzz.qqq\"", "remove this one"],
    );
    check_refused(
        environment("SOSIK_FEED__PAGE_MXA", "3"),
        &["SOSIK_FEED__PAGE_MXA", "did you mean feed.page_max?"],
    );
}

#[test]
fn a_section_given_as_a_value_is_refused() {
    check_refused(
        file("server = 3"),
        &["sosik.toml:1", "is a section", "write [server]"],
    );
    check_refused(
        file("[server.listen]\nport = 1"),
        &["server.listen", "is not text"],
    );
}

#[test]
fn a_limit_that_is_empty_or_out_of_range_is_refused_with_what_to_write() {
    check_refused(
        environment("SOSIK_LIMITS__FRIENDS_MAX", ""),
        &[
            "SOSIK_LIMITS__FRIENDS_MAX",
            "limits.friends_max is empty",
            "Write 1 to 5000 (people)",
            "for 5000",
        ],
    );
    for text in [
        "0",
        "5001",
        "-1",
        "99999999999999999999",
        "unlimited",
        "1.5",
    ] {
        let flags = vec![format!("limits.friends_max={text}")];
        let refused = load(Inputs {
            flags,
            ..Inputs::default()
        })
        .expect_err(text)
        .to_string();
        assert!(refused.contains("Write 1 to 5000 (people)"), "{refused}");
    }
    check_refused(
        flag("passwords.memory_kib=1024"),
        &["passwords.memory_kib = 1024 is not allowed"],
    );
    check_refused(
        file("[limits]\nfriends_max = \"10\""),
        &["\"10\" is not a whole number"],
    );
    check_refused(flag("store.url="), &["store.url is empty"]);
    check_refused(
        flag("server.public_url=https://sosik.example/app"),
        &["server.public_url", "no path"],
    );
    check_refused(flag("log.filter=sosik=nonsense"), &["log.filter"]);
    check_refused(flag("log.format=xml"), &["log.format", "text or json"]);
    let no_bucket = flag("media.url=s3:///folder");
    check_refused(no_bucket, &["media.url", "`s3://` with a bucket"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let given = Given {
        file: Some("[limits]\nfriends_max = 0\nfollows_max = 0\n"),
        environment: vec![("SOSIK_FEED__PAGE_MAX", "x")],
        flags: vec!["nobody.knows=1"],
    };
    let Problems(problems) = given.load().expect_err("four problems");
    assert_eq!(problems.len(), 4, "{problems:#?}");
}

#[test]
fn values_that_contradict_one_another_are_refused_where_they_were_set() {
    check_refused(
        flag("feed.page_max=10"),
        &["--set: feed.page_default (20) is more than feed.page_max (10)"],
    );
    check_refused(flag("sessions.idle_days=366"), &["sessions.idle_days"]);
    check_refused(
        flag("sessions.absolute_days=10"),
        &["sessions.idle_days (30)"],
    );
    check_refused(
        Given {
            flags: vec![
                "delivery.retry_first_ms=1001",
                "delivery.retry_max_seconds=1",
            ],
            ..Given::default()
        },
        &["delivery.retry_first_ms is longer than delivery.retry_max_seconds"],
    );
}

#[test]
fn a_bucket_needs_a_folder_on_this_machine_for_videos() {
    let bucket = [
        "media.url=s3://photos",
        "media.s3_access_key=key",
        "media.s3_secret_key=secret",
        "store.url=postgres://a@b/c",
    ];
    let given = |more: Option<&'static str>| Given {
        flags: bucket.iter().copied().chain(more).collect(),
        ..Given::default()
    };
    let advice = "write media.work_folder = \"/var/lib/sosik/media-work\"";
    check_refused(given(None), &["media.work_folder", advice]);
    assert!(given(Some("media.work_folder=/scratch")).load().is_ok());
    // Beside the database there is one.
    assert!(given(Some("store.url=sqlite:data/s.db")).load().is_ok());
}

#[test]
fn one_port_for_both_listeners_is_refused_unless_the_system_chooses() {
    check_refused(
        flag("server.admin_listen=127.0.0.1:8420"),
        &["are both 127.0.0.1:8420"],
    );
    let given = Given {
        flags: vec![
            "server.listen=127.0.0.1:0",
            "server.admin_listen=127.0.0.1:0",
        ],
        ..Given::default()
    };
    assert!(given.load().is_ok());
}

#[test]
fn a_variable_with_one_underscore_is_told_and_those_of_the_platform_are_left_alone() {
    check_refused(
        environment("SOSIK_SERVER_LISTEN", "0.0.0.0:80"),
        &["write two underscores: SOSIK_SERVER__LISTEN"],
    );
    assert!(environment("SOSIK_SERVICE_HOST", "10.0.0.1").load().is_ok());
    assert!(environment("SOSIK_CONFIG", "x.toml").load().is_ok());
    assert!(environment("PATH", "/bin").load().is_ok());
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line_and_without_its_text() {
    let given = file("[store]\nurl = \"postgres://u:s3cret@h/db\nreaders = 2\n");
    let message = given.load().expect_err("not TOML").to_string();
    assert!(message.contains("sosik.toml:2"), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
}

#[test]
fn a_password_in_an_address_is_in_no_message_and_on_no_page() {
    let loaded = |url: &str| {
        let flags = vec![format!("store.url={url}")];
        load(Inputs {
            flags,
            ..Inputs::default()
        })
    };
    let refused = loaded("mysql://sosik:s3cret@db/feed").expect_err("no such engine");
    let message = format!("{refused} {refused:?}");
    assert!(message.contains("mysql://***@db/feed"), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
    let shown = loaded("postgres://sosik:s3cret@db/feed").unwrap();
    let shown = format!("{shown:?} {}", render::effective(&shown.sections));
    assert!(shown.contains("postgres://***@db/feed"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn engines_of_one_machine_and_of_several_are_not_mixed() {
    let refused = |flags: &[&str]| {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let loaded = load(Inputs {
            flags,
            ..Inputs::default()
        });
        loaded.err().map(|problems| problems.to_string())
    };
    let (store, fabric, queue) = (
        "store.url=postgres://db/sosik",
        "fabric.url=redis://cache",
        "queue.url=nats://bus",
    );
    assert_eq!(refused(&[]), None);
    assert_eq!(refused(&[store]), None);
    assert_eq!(refused(&[store, fabric, queue]), None);
    for flags in [&[store, fabric][..], &[store, queue], &[fabric, queue]] {
        let problem = refused(flags).unwrap_or_default();
        assert!(problem.contains("fabric.url"), "{flags:?}: {problem}");
    }
}

#[test]
fn the_printed_configuration_can_be_used_as_a_file() {
    let flags = vec![
        "server.cors_origins=https://a.example,https://b.example".to_owned(),
        "node.region=2".to_owned(),
    ];
    let loaded = load(Inputs {
        flags,
        ..Inputs::default()
    })
    .unwrap();
    let text = render::effective(&loaded.sections);
    let again = load(Inputs {
        file: Some(("again.toml".into(), text)),
        ..Inputs::default()
    })
    .unwrap();
    assert_eq!(
        format!("{:?}", loaded.config),
        format!("{:?}", again.config)
    );
}

#[test]
fn the_sample_with_every_key_switched_on_changes_nothing() {
    let sample = render::sample(&described());
    let switched_on: Vec<&str> = sample
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => key,
            Some(_) | None => line,
        })
        .collect();
    let file = Some(("sample.toml".into(), switched_on.join("\n")));
    let loaded = load(Inputs {
        file,
        ..Inputs::default()
    })
    .unwrap();
    let unset = Given::default().load().unwrap();
    assert_eq!(
        format!("{:?}", loaded.config),
        format!("{:?}", unset.config)
    );
    let entries = loaded.sections.iter().flat_map(|section| &section.entries);
    assert_eq!(
        entries
            .filter(|entry| entry.source == Source::Default)
            .count(),
        0
    );
}

/// The value in effect of a key.
fn value_of(loaded: &Loaded, key: &str) -> toml::Value {
    let sections = loaded.sections.iter();
    let mut entries =
        sections.flat_map(|section| section.entries.iter().map(move |e| (section, e)));
    let (_, entry) = entries
        .find(|(section, entry)| section.key(entry) == key)
        .unwrap();
    entry.value.clone()
}
