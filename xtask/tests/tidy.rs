//! Checks that the compiler does not make: dependencies between the crates, the length of files, and a README that says
//! the same in both languages.

#![expect(
    clippy::unwrap_used,
    reason = "a file that cannot be read must fail the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use toml::Table;

/// The crates that each of our crates may depend on. Dependencies point down only. A new crate must be added here.
const ARROWS: &[(&str, &[&str])] = &[
    ("sosik-feed", &[]),
    ("sosik-store", &["sosik-feed"]),
    // The only crate with SQLite. The code that wires a server may use it; the service and the API may not.
    ("sosik-store-sqlite", &["sosik-feed", "sosik-store"]),
    ("sosik-fabric", &["sosik-feed"]),
    // Stores and engines that fail on purpose. Tests only: no crate of the server may depend on it.
    (
        "sosik-decorators",
        &["sosik-feed", "sosik-store", "sosik-fabric"],
    ),
    // A client: it must not depend on anything inside the server.
    ("sosik-load", &[]),
    // In front of servers: it knows nothing inside them.
    ("sosik-balance", &[]),
    // Files of strangers: it knows no person and no route.
    ("sosik-media", &[]),
    // Arithmetic only: it knows no server.
    ("sosik-plan", &[]),
    // The people and texts of the demo: it knows no store.
    ("sosik-town", &["sosik-feed"]),
    // The pictures of the demo: it knows no town and no store.
    ("sosik-pictures", &["sosik-feed"]),
    (
        "sosik-service",
        &["sosik-feed", "sosik-store", "sosik-fabric", "sosik-media"],
    ),
    (
        "sosik-api",
        &["sosik-feed", "sosik-store", "sosik-fabric", "sosik-service"],
    ),
    (
        "sosik-testkit",
        &[
            "sosik-feed",
            "sosik-servers",
            "sosik-store",
            "sosik-store-postgres",
            "sosik-store-sqlite",
            "sosik-fabric",
            "sosik-decorators",
            "sosik-service",
            "sosik-api",
        ],
    ),
    (
        "sosik-populate",
        &[
            "sosik-feed",
            "sosik-store",
            "sosik-store-sqlite",
            "sosik-service",
            "sosik-load",
            "sosik-pictures",
            "sosik-town",
        ],
    ),
    (
        "sosik-measure",
        &[
            "sosik-feed",
            "sosik-store-sqlite",
            "sosik-fabric",
            "sosik-service",
            "sosik-api",
            "sosik-plan",
            "sosik-populate",
        ],
    ),
    (
        "sosik",
        &[
            "sosik-feed",
            "sosik-store",
            "sosik-store-postgres",
            "sosik-fabric-nats",
            "sosik-fabric-redis",
            "sosik-store-sqlite",
            "sosik-fabric",
            "sosik-service",
            "sosik-api",
            "sosik-balance",
            "sosik-load",
            "sosik-measure",
            "sosik-plan",
            "sosik-populate",
            "sosik-town",
            // Only with the feature `sabotage`, which is never shipped.
            "sosik-decorators",
        ],
    ),
    // Measures the server from outside and from inside. Nothing depends on it.
    (
        "sosik-bench",
        &[
            "sosik-servers",
            "sosik-feed",
            "sosik-store",
            "sosik-store-sqlite",
            "sosik-fabric",
            "sosik-fabric-redis",
            "sosik-service",
            "sosik-api",
        ],
    ),
    ("sosik-servers", &[]),
    ("sosik-store-postgres", &["sosik-feed", "sosik-store"]),
    ("sosik-fabric-redis", &["sosik-feed", "sosik-fabric"]),
    ("sosik-fabric-nats", &["sosik-feed", "sosik-fabric"]),
    ("xtask", &["sosik-servers"]),
];

/// Longest Rust file, in lines. Longer files are hard to read in one go.
const FILE_LINES_MAX: usize = 600;

/// Deepest folder. Protects against a loop of symbolic links.
const DEPTH_MAX: usize = 16;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The manifests of our crates, by name.
fn manifests() -> BTreeMap<String, Table> {
    let crates = fs::read_dir(root().join("crates")).unwrap();
    let mut folders: Vec<PathBuf> = crates.map(|entry| entry.unwrap().path()).collect();
    folders.push(root().join("xtask"));
    let manifests = folders.iter().map(|folder| folder.join("Cargo.toml"));
    let read = |path: PathBuf| -> (String, Table) {
        let manifest: Table = fs::read_to_string(path).unwrap().parse().unwrap();
        (
            manifest["package"]["name"].as_str().unwrap().to_owned(),
            manifest,
        )
    };
    manifests.filter(|path| path.exists()).map(read).collect()
}

fn names<'a>(manifest: &'a Table, kind: &str) -> BTreeSet<&'a str> {
    let table = manifest.get(kind).and_then(|table| table.as_table());
    table
        .into_iter()
        .flat_map(|table| table.keys().map(String::as_str))
        .collect()
}

/// Our Rust files.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["crates", "xtask"] {
        collect(&root().join(folder), 0, &mut found);
    }
    found
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    assert!(depth < DEPTH_MAX, "{} is too deep", folder.display());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is = |name: &str| path.file_name().is_some_and(|found| found == name);
        if path.is_dir() && !is("node_modules") && !is("dist") && !is("target") {
            collect(&path, depth + 1, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn arrows_between_our_crates_point_down_only() {
    let manifests = manifests();
    for (name, manifest) in &manifests {
        let allowed = ARROWS.iter().find(|(from, _)| from == name);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{name} has no place in ARROWS"));
        for kind in ["dependencies", "build-dependencies"] {
            for target in names(manifest, kind) {
                let ours = manifests.contains_key(target);
                assert!(
                    !ours || allowed.contains(&target),
                    "{name} may not depend on {target}"
                );
            }
        }
    }
}

#[test]
fn sqlite_is_compiled_for_its_engine_only() {
    for (name, manifest) in manifests() {
        let names_it = names(&manifest, "dependencies").contains("rusqlite");
        assert_eq!(
            names_it,
            name == "sosik-store-sqlite",
            "{name} names rusqlite"
        );
    }
}

#[test]
fn the_testkit_is_only_ever_a_dev_dependency() {
    for (name, manifest) in manifests() {
        for kind in ["dependencies", "build-dependencies"] {
            assert!(
                !names(&manifest, kind).contains("sosik-testkit"),
                "{name} ships the testkit"
            );
        }
    }
}

#[test]
fn every_dependency_has_its_version_and_features_in_the_root_manifest() {
    let manifests = manifests();
    for (name, manifest) in &manifests {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest.get(kind).and_then(|table| table.as_table());
            for (dependency, how) in table.into_iter().flatten() {
                // Tests, decorators, engines of the store and the executable that joins them enable features of our
                // crates, such as a suite, where they use them.
                let enables = kind == "dev-dependencies"
                    || name == "sosik-decorators"
                    || name == "sosik"
                    || name.starts_with("sosik-store-");
                if manifests.contains_key(dependency) && enables {
                    continue;
                }
                let inherited = how.get("workspace").and_then(|it| it.as_bool()) == Some(true);
                let only_that = how.as_table().is_some_and(|how| {
                    how.keys()
                        .all(|key| key == "workspace" || key == "optional")
                });
                assert!(
                    inherited && only_that,
                    "{name}: {dependency} is not `.workspace = true`"
                );
            }
        }
    }
}

#[test]
fn every_crate_obeys_the_lints_of_the_workspace() {
    for (name, manifest) in manifests() {
        let obeys = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        assert_eq!(
            obeys.and_then(|it| it.as_bool()),
            Some(true),
            "{name} has no [lints] workspace = true"
        );
    }
}

#[test]
fn no_file_is_longer_than_can_be_read_in_one_go() {
    for path in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(
            lines <= FILE_LINES_MAX,
            "{} has {lines} lines",
            path.display()
        );
    }
}

/// A method on `Service` would be reachable from every noun. Methods belong to the handle of their noun.
#[test]
fn only_the_file_of_the_service_adds_methods_to_it() {
    let mut found = sources();
    found.retain(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().any(|line| line.starts_with("impl Service {"))
    });
    let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["service.rs"], "{found:?}");
}

#[test]
fn every_module_opens_with_what_it_is_for() {
    let sources = sources();
    assert!(sources.len() > 10, "found only {} files", sources.len());
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} does not open with //!",
            path.display()
        );
    }
}

/// The parts that a translation keeps: heading levels, commands, and the roles of the executable.
fn skeleton(path: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let level = |line: &str| line.chars().take_while(|sign| *sign == '#').count();
    let mut found = Vec::new();
    for line in text.lines() {
        let command = line.starts_with("cargo ") || line.starts_with("target/");
        let row = line
            .starts_with("| `")
            .then(|| line.split('`').nth(1))
            .flatten();
        if level(line) > 0 {
            found.push(format!("heading of level {}", level(line)));
        } else if command {
            found.push(line.to_owned());
        } else if let Some(role) = row {
            found.push(format!("role {role}"));
        }
    }
    found
}

#[test]
fn the_readme_says_the_same_in_both_languages_and_shows_what_there_is() {
    let english = skeleton("README.md");
    assert!(english.len() > 10, "found only {english:?}");
    assert_eq!(english, skeleton("README.ko.md"), "README.ko.md differs");
    for path in ["README.md", "README.ko.md"] {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let pictures = text.split('"').filter(|it| it.starts_with("docs/"));
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|it| it.split(')').next());
        for target in pictures.chain(links.filter(|link| !link.starts_with("http"))) {
            assert!(leads_somewhere(target), "{path}: no {target}");
        }
    }
}

/// Whether there is a file, with the heading that a link may name.
fn leads_somewhere(target: &str) -> bool {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let file = root().join(file);
    if heading.is_empty() {
        return file.exists();
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchors = headings.map(|line| {
        line.trim_start_matches(['#', ' '])
            .to_lowercase()
            .replace(' ', "-")
    });
    anchors.into_iter().any(|anchor| anchor == heading)
}
