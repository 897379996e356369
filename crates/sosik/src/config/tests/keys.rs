//! Every key by enumeration: what it changes, and what the reference says of it.

use std::collections::BTreeMap;

use super::super::layers::{self, Layers, Raw};
use super::super::reader::Reader;
use super::super::{Config, Inputs, Loaded, Source, described, load};
use super::value_of;

/// Another admitted value of a key, and the configuration with it alone.
fn with_another_value(key: &str, default: &toml::Value) -> (String, Loaded) {
    let words = [
        ("accounts.registration", "closed"),
        ("balance.admin_listen", "127.0.0.1:9003"),
        ("balance.cluster", "10.0.0.1:8421"),
        ("balance.listen", "127.0.0.1:9002"),
        ("balance.nodes", "10.0.0.1:8420"),
        ("balance.nodes_file", "nodes"),
        ("balance.policy", "least-outstanding"),
        ("balance.tls_certificate_file", "certificate.pem"),
        ("balance.tls_key_file", "key.pem"),
        ("balance.tls_listen", "127.0.0.1:9004"),
        ("balance.trusted_proxies", "10.0.0.0/8"),
        ("delivery.in_serve", "off"),
        ("fabric.ca_file", "authorities.pem"),
        ("log.filter", "debug"),
        ("log.format", "json"),
        ("media.ffmpeg", "/opt/ffmpeg"),
        ("media.s3_access_key", "a-key"),
        ("media.s3_endpoint", "http://10.0.0.9:9000"),
        ("media.s3_region", "ap-northeast-2"),
        ("media.previews", "off"),
        ("media.url", "file:photos"),
        ("media.work_folder", "work"),
        ("node.address", "10.0.0.1:8420"),
        ("node.name", "another"),
        ("public.page", "on"),
        ("queue.prefix", "staging"),
        ("passwords.breached_url", "http://mirror.example"),
        ("server.admin_listen", "127.0.0.1:9001"),
        ("server.admin_token_file", "token"),
        ("server.cors_origins", "https://app.example"),
        ("server.forwarded_header", "forwarded"),
        ("server.listen", "127.0.0.1:9000"),
        ("server.public_url", "https://sosik.example"),
        ("server.trusted_proxies", "10.0.0.0/8"),
        ("store.ca_file", "authorities.pem"),
        ("store.pooler", "pgbouncer"),
        ("store.url", "sqlite:another.db"),
        // Another engine needs other keys too, so the scheme stays.
        ("fabric.url", "memory:another"),
        ("queue.url", "memory:another"),
        // Shown nowhere, so its place is compared below.
        ("server.admin_token", "0123456789abcdef"),
        ("media.s3_secret_key", "a-secret"),
    ];
    let candidates = match default.as_integer() {
        Some(number) => [number - 1, number + 1, number / 2]
            .map(|number| number.to_string())
            .to_vec(),
        None => words
            .iter()
            .filter(|(word, _)| *word == key)
            .map(|(_, value)| (*value).to_owned())
            .collect(),
    };
    let loaded_with = |value: String| {
        let flags = vec![format!("{key}={value}")];
        let loaded = load(Inputs {
            flags,
            ..Inputs::default()
        })
        .ok()?;
        Some((value, loaded))
    };
    candidates
        .into_iter()
        .find_map(loaded_with)
        .unwrap_or_else(|| panic!("no other value of {key} is known"))
}

/// The lines of a debug text. A list becomes longer when it is filled, so each is put on one line.
fn with_each_list_on_one_line(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = 0_usize;
    for line in text.lines() {
        match lines.last_mut().filter(|_| open > 0) {
            Some(list) => list.push_str(line.trim()),
            None => lines.push(line.to_owned()),
        }
        open += usize::from(line.ends_with('['));
        open = open.saturating_sub(usize::from(line.trim_start().starts_with(']')));
    }
    lines
}

#[test]
fn every_key_changes_its_own_place_and_is_shown_as_it_was_written() {
    let shown = |config: &Config| -> Vec<String> {
        let text = format!(
            "{config:#?}\nadmin token: {:?}\nkey: {:?}",
            config.server.admin_token.reveal(),
            config.media.s3_secret_key.reveal()
        );
        with_each_list_on_one_line(&text)
    };
    let standard = shown(&Config::default());
    let mut places = BTreeMap::new();
    for section in described() {
        for entry in &section.entries {
            let key = section.key(entry);
            let (written, loaded) = with_another_value(&key, &entry.default);
            let changed = shown(&loaded.config);
            for (place, (before, after)) in standard.iter().zip(&changed).enumerate() {
                if before != after {
                    let other = places.insert(place, key.clone());
                    assert_eq!(other, None, "{key} changes the same place: {after}");
                }
            }
            assert!(
                places.values().any(|of| *of == key),
                "{key} changes nothing"
            );
            let value = value_of(&loaded, &key);
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let secret = ["server.admin_token", "media.s3_secret_key"].contains(&key.as_str());
            assert!(
                secret || value == written || value == format!("[\"{written}\"]"),
                "{key}: {value}"
            );
        }
    }
}

#[test]
fn a_rejected_value_leaves_its_place_as_it_was() {
    let mut layers = Layers::default();
    let given = layers::Given {
        raw: Raw::Text("0".to_owned()),
        source: Source::Flag,
    };
    layers.values.insert("delivery.workers".to_owned(), given);
    let mut reader = Reader::new(layers);
    let config = Config::read(&mut reader);
    let standard = Config::default();
    assert_eq!(
        config.service.delivery.workers,
        standard.service.delivery.workers
    );
    assert!(reader.finish().is_err());
}

#[test]
fn every_key_says_what_it_is_for_and_what_one_of_it_is() {
    for section in described() {
        assert!(
            section.about.ends_with('.'),
            "{} has no sentence",
            section.name
        );
        for entry in &section.entries {
            assert!(
                entry.meaning.ends_with('.'),
                "{} has no sentence",
                section.key(entry)
            );
            assert!(
                !entry.unit.is_empty() && !entry.allowed.is_empty(),
                "{}",
                section.key(entry)
            );
        }
    }
}
