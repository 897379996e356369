//! The OpenAPI document, generated from the code.
//!
//! Each route documents what is specific to it. The responses that all routes of a kind share are declared once and
//! added here: for requests that are not signed in, malformed, too many or too large. A test compares the result with
//! `docs/openapi.json`.

mod limits;

use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Content, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa_axum::router::OpenApiRouter;
use xxhash_rust::xxh3::xxh3_64;

use crate::encoded::Encoded;
use crate::router;

const PROBLEM_JSON: &str = "application/problem+json";

/// The parts of the document that belong to no single route.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Sosik",
        description = "A news feed: people post stories. Their friends and followers see them on their home page, newest \
                       first and complete. Nobody sees a story without being entitled to it.\n\nIds are decimal strings. \
                       Times are RFC 3339 in UTC with milliseconds. Lists are pages: `items`, opaque cursors `before` and \
                       `after`, and `end`. A cursor never expires and belongs to one list of one person. A failed request \
                       returns a Problem: use its `code` in programs. What you may not see does not exist for you: 404.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(crate::schema::Problem, crate::schema::Story)),
    security(("bearer" = []), ("cookie" = [])),
    tags(
        (name = "feed", description = "The home feed"),
        (name = "stories", description = "Stories, likes and hashtags"),
        (name = "media", description = "Photos of stories, and uploads"),
        (name = "comments", description = "Comments on stories"),
        (name = "people", description = "Sign-up, profiles and search"),
        (name = "relations", description = "Friends, friend requests, follows, blocks and mutes"),
        (name = "invitations", description = "Links with which other people sign up"),
        (name = "notifications", description = "Your notifications"),
        (name = "me", description = "Your own account"),
        (name = "sessions", description = "Logging in and out"),
        (name = "health", description = "For balancers"),
    )
)]
struct Frame;

/// A response that all requests of a kind share.
struct Shared {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    applies: fn(&OperationTraits) -> bool,
}

/// The facts about an operation that select its shared responses.
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent facts about an operation"
)]
struct OperationTraits {
    signed_in: bool,
    changes: bool,
    has_body: bool,
    has_query: bool,
    has_path: bool,
}

const SHARED: &[Shared] = &[
    Shared {
        status: "400",
        name: "Malformed",
        description: "`json_invalid`, `body_unreadable`, `query_invalid`, `cursor_invalid`, `cookie_ambiguous`, `host_invalid`",
        applies: |_| true,
    },
    Shared {
        status: "401",
        name: "Unauthenticated",
        description: "`unauthenticated`",
        applies: |traits| traits.signed_in,
    },
    Shared {
        status: "403",
        name: "CrossSite",
        description: "`cross_site`: the request has the cookie and was not sent by a page of this site",
        applies: |traits| traits.signed_in && traits.changes,
    },
    Shared {
        status: "404",
        name: "NotFound",
        description: "`not_found`: it does not exist, or you may not see it",
        applies: |traits| traits.has_path,
    },
    Shared {
        status: "408",
        name: "TooSlow",
        description: "`body_too_slow`: the body did not arrive in time",
        applies: |traits| traits.has_body,
    },
    Shared {
        status: "409",
        name: "OtherPerson",
        description: "`other_person`: the session does not belong to the person in `Sosik-Person`; nothing was done",
        applies: |traits| traits.signed_in,
    },
    Shared {
        status: "413",
        name: "TooLarge",
        description: "`body_too_large`",
        applies: |traits| traits.has_body,
    },
    Shared {
        status: "415",
        name: "NotJson",
        description: "`unsupported_media_type`",
        applies: |traits| traits.has_body,
    },
    Shared {
        status: "422",
        name: "Invalid",
        description: "`body_invalid`, `page_limit_invalid`, or the code of the rule that is broken",
        applies: |traits| traits.has_body || traits.has_query,
    },
    Shared {
        status: "429",
        name: "TooMany",
        description: "`too_many_requests`",
        applies: |_| true,
    },
    Shared {
        status: "431",
        name: "HeaderFieldsTooMany",
        description: "`header_fields_too_many`: a request has at most 100 header fields",
        applies: |_| true,
    },
    Shared {
        status: "500",
        name: "Internal",
        description: "`internal`: an error of the server",
        applies: |_| true,
    },
    Shared {
        status: "503",
        name: "Busy",
        description: "`busy`, `timed_out`, `going_away`, `storage_full`, `media_away`: retry after `Retry-After`",
        applies: |_| true,
    },
];

/// The document as it is served and stored in `docs/openapi.json`: OpenAPI 3.1, indented.
#[must_use]
pub fn document() -> String {
    let (_, api) = OpenApiRouter::with_openapi(Frame::openapi())
        .merge(router::api())
        .merge(router::files())
        .split_for_parts();
    let mut document = finish(api);
    let (_, probes) = router::probes().split_for_parts();
    document.merge(probes);
    limits::add(&mut document);
    // All keys of maps are strings, so this cannot fail; the test of the document would detect an empty one.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// The document as it is served. The first request of a process generates and compresses it, which takes some
/// milliseconds.
pub(crate) fn encoded() -> &'static Encoded {
    static ENCODED: LazyLock<Encoded> = LazyLock::new(|| {
        let plain = document();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory cannot fail; without the compressed form the plain one is served.
        let gzip = gzip
            .write_all(plain.as_bytes())
            .and_then(|()| gzip.finish());
        Encoded {
            tag: format!("{:016x}", xxh3_64(plain.as_bytes())),
            plain: plain.into(),
            brotli: None,
            gzip: gzip.ok().map(Into::into),
        }
    });
    &ENCODED
}

fn finish(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for (changes, operation) in operations(item) {
            add_shared(operation, changes);
        }
    }
    let components = document.components.get_or_insert_with(Default::default);
    for shared in SHARED {
        let response = ResponseBuilder::new()
            .description(shared.description)
            .build();
        components
            .responses
            .insert(shared.name.to_owned(), RefOr::T(with_problem(response)));
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let cookie =
        ApiKeyValue::with_description("sosik", "`__Host-sosik` if the service is reached over TLS");
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        head,
        options,
        ..
    } = item;
    let all = [
        (false, get),
        (true, put),
        (true, post),
        (true, delete),
        (true, patch),
        (false, head),
        (false, options),
    ];
    all.into_iter()
        .filter_map(|(changes, operation)| Some((changes, operation.as_mut()?)))
}

fn add_shared(operation: &mut Operation, changes: bool) {
    let traits = OperationTraits {
        signed_in: takes_session(operation),
        changes,
        has_body: operation.request_body.is_some(),
        has_query: has(operation, &ParameterIn::Query),
        has_path: has(operation, &ParameterIn::Path),
    };
    if traits.signed_in {
        operation
            .parameters
            .get_or_insert_with(Vec::new)
            .push(RefOr::T(sosik_person()));
    }
    let answers = &mut operation.responses.responses;
    for shared in SHARED.iter().filter(|shared| (shared.applies)(&traits)) {
        let answer = || RefOr::Ref(Ref::from_response_name(shared.name));
        answers
            .entry(shared.status.to_owned())
            .or_insert_with(answer);
    }
    // The failures that a route documents itself are problems, too.
    for (status, answer) in answers.iter_mut() {
        if let RefOr::T(response) = answer
            && status.as_str() >= "400"
        {
            *response = with_problem(std::mem::take(response));
        }
    }
}

/// Whether a session has an effect. Routes without authentication declare an empty requirement only. Routes that also
/// accept requests without a session declare it with the others.
fn takes_session(operation: &Operation) -> bool {
    let none = SecurityRequirement::default();
    let declared = operation.security.as_deref();
    declared.is_none_or(|declared| declared.iter().any(|one| *one != none))
}

/// The header with which a client names the person it acts for.
fn sosik_person() -> Parameter {
    ParameterBuilder::new()
        .name("Sosik-Person")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "the id of the person this request is meant for. If the session belongs to another person, the response is 409 \
             `other_person` and nothing is done. For clients that share a cookie with other people's",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn has(operation: &Operation, place: &ParameterIn) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(
        |parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *place),
    )
}

fn with_problem(mut response: Response) -> Response {
    let schema = Some(Ref::from_schema_name("Problem"));
    response
        .content
        .insert(PROBLEM_JSON.to_owned(), RefOr::T(Content::new(schema)));
    response
}
