//! The files in `deploy/` are read as an operator's tools read them, and every key in them is one that the executable
//! knows.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Folder;
use serde_json::Value;

/// The variable that names the configuration file. All others with this prefix set one key.
const CONFIG: &str = "SOSIK_CONFIG";
const PREFIX: &str = "SOSIK_";

/// What an operator replaces, and values of the same kind.
const PLACEHOLDERS: [(&str, &str); 6] = [
    ("${POSTGRES_PASSWORD:?set it}", "secret"),
    ("${REDIS_PASSWORD:?set it}", "secret"),
    ("${ADMIN_TOKEN:?set it}", "0123456789abcdef"),
    (":PASSWORD@", ":secret@"),
    ("REPLACE-WITH-32-RANDOM-CHARACTERS", "0123456789abcdef"),
    ("$(POD_IP)", "10.0.0.1"),
];

/// The files with variables of every node.
const SECRETS: [&str; 2] = ["secrets.env", "admin-token.env"];

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy")
        .join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(deploy(name)).unwrap()
}

/// The documents of a YAML file.
fn yaml(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Pairs `NAME=value` of lines that begin with `before`.
fn variables(text: &str, before: &str) -> Vec<(String, String)> {
    let pairs = text.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix(before)?.split_once('=')?;
        name.starts_with(PREFIX)
            .then(|| (name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

/// The variables of these files, with values of an operator.
fn secrets(files: &[&str]) -> Vec<(String, String)> {
    let read = files.iter().flat_map(|file| variables(&read(file), ""));
    read.map(|(name, value)| (name, replaced(&value))).collect()
}

fn replaced(value: &str) -> String {
    PLACEHOLDERS
        .iter()
        .fold(value.to_owned(), |value, (sample, own)| {
            value.replace(sample, own)
        })
}

/// The configuration that results, if the executable accepts these variables and this file.
#[track_caller]
fn accepted(variables: &[(String, String)], file: Option<&Path>) -> String {
    let folder = Folder::new();
    let mut command = folder.command(&["config", "--print"]);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.env_remove(CONFIG);
    if let Some(file) = file {
        command.arg("--config").arg(file);
    }
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{variables:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every object in a document that has this key, with its value.
fn found<'a>(value: &'a Value, key: &str, all: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            all.extend(fields.get(key));
            fields.values().for_each(|field| found(field, key, all));
        }
        Value::Array(items) => items.iter().for_each(|item| found(item, key, all)),
        _ => {}
    }
}

#[test]
fn the_sample_for_several_machines_and_its_secrets_are_accepted() {
    let secrets = secrets(&[SECRETS[0], SECRETS[1], "node.env"]);
    assert_eq!(secrets.len(), 5);
    let config = accepted(&secrets, Some(&deploy("sosik.toml")));
    for part in ["in_serve = \"on\"", "nats://bus.internal:4222"] {
        assert!(config.contains(part), "{config}");
    }
}

#[test]
fn the_secrets_of_the_samples_are_refused() {
    let samples = SECRETS.map(|file| variables(&read(file), "")).concat();
    let folder = Folder::new();
    let mut command = folder.command(&["config", "--print"]);
    command.envs(samples);
    let refused = command.output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let errors = String::from_utf8(refused.stderr).unwrap();
    for key in ["store.url", "fabric.url", "server.admin_token"] {
        let problem = format!("{key} still has the secret of the sample");
        assert!(errors.contains(&problem), "{errors}");
    }
}

#[test]
fn the_configuration_of_the_balancer_is_accepted() {
    let config = accepted(&[], Some(&deploy("balance/balance.toml")));
    assert!(config.contains("[balance]"), "{config}");
}

#[test]
fn systemd_accepts_the_units_and_the_executable_their_variables() {
    let folder = Folder::new();
    let units = ["sosik.service", "sosik-work.service"];
    for unit in units {
        let text = read(&format!("systemd/{unit}"));
        // The default gives a node up that starts five times within ten seconds, while PostgreSQL is away.
        assert!(text.contains("\nStartLimitIntervalSec=0\n"), "{unit}");
        // The tool checks that the executable exists.
        let installed = text.replace("/usr/local/bin/sosik", env!("CARGO_BIN_EXE_sosik"));
        assert_ne!(installed, text);
        folder.write(unit, &installed);
        let set = variables(&text, "Environment=");
        assert!(set.iter().any(|(name, _)| name == CONFIG), "{unit}");
        let named: Vec<_> = set.into_iter().filter(|(name, _)| name != CONFIG).collect();
        accepted(&named, None);
    }
    let tool = sosik_servers::find("systemd-analyze").expect("systemd-analyze is not installed");
    let mut command = Command::new(tool);
    command.args(["verify", "--man=no"]);
    let verified = command.args(units.map(|unit| folder.path(unit))).output();
    let verified = verified.unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    // An unknown key is a warning.
    assert!(verified.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_executable_accepts_the_variables_and_commands_of_the_compose_file() {
    let [compose] = &yaml("compose/compose.yaml")[..] else {
        panic!("it has several documents");
    };
    let services = compose["services"].as_object().unwrap();
    for (name, service) in services
        .iter()
        .filter(|(_, it)| it["image"] == "sosik" || it.get("<<").is_some())
    {
        let mut environment = service["environment"].as_object().unwrap().clone();
        if environment.contains_key("<<") {
            environment.extend(compose["x-environment"].as_object().unwrap().clone());
        }
        let set = environment.into_iter().filter(|(name, _)| name != "<<");
        let set: Vec<_> = set
            .map(|(name, value)| (name, replaced(value.as_str().unwrap())))
            .collect();
        assert!(
            set.iter().all(|(name, _)| name.starts_with(PREFIX)),
            "{name}"
        );
        accepted(&set, None);
        is_a_role(&service["command"][0]);
    }
    assert!(services.len() >= 5);
}

#[test]
fn the_executable_accepts_the_configuration_and_commands_of_the_kubernetes_manifests() {
    let documents = yaml("kubernetes/sosik.yaml");
    let folder = Folder::new();
    let mut deployments = 0;
    for document in &documents {
        assert!(document["apiVersion"].is_string() && document["kind"].is_string());
        if let Some(file) = document.pointer("/data/sosik.toml") {
            folder.write("sosik.toml", file.as_str().unwrap());
        }
    }
    // The secret has these keys.
    let mut set = secrets(&SECRETS);
    for file in SECRETS {
        let from = format!("--from-env-file={file}");
        assert!(read("kubernetes/sosik.yaml").contains(&from), "{file}");
    }
    set.push(("SOSIK_NODE__NAME".to_owned(), "pod".to_owned()));
    set.push(("SOSIK_NODE__ADDRESS".to_owned(), "10.0.0.1:8420".to_owned()));
    let config = accepted(&set, Some(&folder.path("sosik.toml")));
    assert!(config.contains("in_serve = \"off\""), "{config}");
    for document in documents.iter().filter(|it| it["kind"] == "Deployment") {
        deployments += 1;
        let (mut arguments, mut names) = (Vec::new(), Vec::new());
        found(document, "args", &mut arguments);
        found(document, "env", &mut names);
        is_a_role(&arguments[0][0]);
        for variable in names.iter().flat_map(|names| names.as_array().unwrap()) {
            let name = variable["name"].as_str().unwrap();
            let known = set.iter().any(|(known, _)| known == name);
            assert!(known || name == "POD_IP", "{name}");
            if let Some(value) = variable["value"].as_str() {
                accepted(&[(name.to_owned(), replaced(value))], None);
            }
        }
    }
    assert_eq!(deployments, 2);
}

/// The balancer is a role of a build with its feature.
#[track_caller]
fn is_a_role(command: &Value) {
    let role = command.as_str().unwrap();
    if role == "balance" && cfg!(not(feature = "balance")) {
        return;
    }
    Folder::new().run(&[role, "--help"]).ends_with(0);
}
