//! Compares the OpenAPI document with the file in the repository.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::path::Path;

use serde_json::Value;

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

/// Set it to rewrite the document, as `cargo xtask generate` does.
const REFRESH: &str = "UPDATE_OPENAPI";

fn document() -> Value {
    serde_json::from_str(&sosik_api::openapi()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |path: &str, item: &'static str| format!("{} {path}", item.to_uppercase());
    let mut all = Vec::new();
    for (path, item) in paths {
        for method in ["get", "put", "post", "patch", "delete", "head", "options"] {
            if let Some(operation) = item.get(method) {
                all.push((of(path, method), operation));
            }
        }
    }
    all
}

#[test]
fn the_document_in_the_repository_is_the_one_that_is_served() {
    let made = sosik_api::openapi();
    if std::env::var_os(REFRESH).is_some() {
        std::fs::write(KEPT, &made).unwrap();
    }
    let kept = std::fs::read_to_string(Path::new(KEPT)).unwrap_or_default();
    assert!(
        made == kept,
        "docs/openapi.json is stale: run `cargo xtask generate` and look at the difference"
    );
}

#[test]
fn every_operation_says_what_it_does_and_how_it_fails() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    for (name, operation) in operations(&document) {
        for field in ["summary", "operationId", "tags"] {
            assert!(!operation[field].is_null(), "{name} has no {field}");
        }
        let answers = operation["responses"].as_object().unwrap();
        assert!(
            answers.keys().any(|status| status.starts_with('2')),
            "{name} never succeeds"
        );
        if name.contains(" /v1/") {
            for status in ["429", "500", "503"] {
                assert!(answers.contains_key(status), "{name} has no {status}");
            }
        }
        for (status, answer) in answers {
            let problem = answer["content"].get("application/problem+json").is_some();
            let shared = answer["$ref"]
                .as_str()
                .is_some_and(|name| name.starts_with("#/components/responses/"));
            let probe = !name.contains(" /v1/");
            assert!(
                status.as_str() < "400" || problem || shared || probe,
                "{name} {status} is no problem"
            );
        }
    }
}

/// Codes of requests that no operation of the document makes.
const OUTSIDE: [&str; 2] = ["admin_token_required", "method_not_allowed"];

#[test]
fn every_code_of_a_problem_is_in_the_document() {
    let source = include_str!("../../src/problem/mod.rs");
    let (_, codes) = source.split_once("fn status_and_code").unwrap();
    let (codes, _) = codes.split_once("\n    }\n").unwrap();
    let document = sosik_api::openapi();
    let missing: Vec<_> = codes
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|code| !document.contains(&format!("`{code}`")) && !OUTSIDE.contains(code))
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_named_twice() {
    let document = document();
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} leads nowhere"
        );
    }
    let mut names: Vec<_> = operations(&document)
        .iter()
        .map(|(_, operation)| operation["operationId"].clone())
        .collect();
    let count = names.len();
    names.sort_by_key(ToString::to_string);
    names.dedup();
    assert_eq!(names.len(), count, "two operations share a name");
}

/// Fields of responses whose length is that of our own texts.
const WITHOUT_LIMIT: [&str; 10] = [
    "FieldProblem.field",
    "FieldProblem.message",
    "Problem.code",
    "Problem.detail",
    "Problem.errors",
    "Problem.request_id",
    "Problem.title",
    "Problem.type",
    "Session.client",
    "SignedIn.token",
];

/// Whether a schema lacks a limit on its values.
fn lacks_limit(schema: &Value) -> bool {
    let is = |kind: &str| match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        one => one == kind,
    };
    let lacks = |key: &str| schema.get(key).is_none();
    (is("string") && lacks("maxLength") && lacks("enum"))
        || (is("array") && lacks("maxItems"))
        || (is("integer") && (lacks("maximum") || lacks("minimum")))
        || (is("array") && lacks_limit(&schema["items"]))
}

#[test]
fn every_parameter_and_field_has_its_limits() {
    let document = document();
    let mut without = Vec::new();
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if lacks_limit(&parameter["schema"]) {
                without.push(format!("{name} {}", parameter["name"]));
            }
        }
    }
    for (owner, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if lacks_limit(field) {
                without.push(format!("{owner}.{name}"));
            }
        }
    }
    without.sort();
    assert_eq!(without, WITHOUT_LIMIT);
}
