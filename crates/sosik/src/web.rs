//! The web client, inside the executable. Release builds carry its files; debug builds read them where the build
//! script put them.

use std::sync::Arc;

use rust_embed::{Embed, EmbeddedFile};
use sosik_api::{Site, SiteFile};

/// What the build script made: the client, or a page that says how to get it.
#[derive(Embed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// The files by their path.
pub fn site() -> Site {
    Arc::new(|path| Files::get(path).map(|file| as_served(path, file)))
}

fn as_served(path: &str, file: EmbeddedFile) -> SiteFile {
    let hash = file.metadata.sha256_hash();
    SiteFile {
        content_type: content_type(path).to_owned(),
        body: file.data.into_owned().into(),
        tag: hash[..8].iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// By the ending; the client has no files of other kinds.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        "json" => "application/json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
