//! The web client, inside the executable. Release builds contain its files. Debug builds read them from where the build
//! script wrote them.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use rust_embed::{Embed, EmbeddedFile};
use sosik_api::{Encoded, Site, SiteFile};

/// The output of the build script: the client, or a page that explains how to build it.
#[derive(Embed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// File extensions of the compressed versions that the build of the client writes beside its files.
const BROTLI: &str = ".br";
const GZIP: &str = ".gz";

/// The files by their path.
pub fn site() -> Site {
    Arc::new(|path| {
        if path.ends_with(BROTLI) || path.ends_with(GZIP) {
            return None;
        }
        Files::get(path).map(|file| as_served(path, file))
    })
}

fn as_served(path: &str, file: EmbeddedFile) -> SiteFile {
    let hash = file.metadata.sha256_hash();
    let beside = |ending| Files::get(&format!("{path}{ending}")).map(|file| bytes(file.data));
    SiteFile {
        content_type: content_type(path),
        contents: Encoded {
            brotli: beside(BROTLI),
            gzip: beside(GZIP),
            plain: bytes(file.data),
            tag: hash[..8].iter().map(|byte| format!("{byte:02x}")).collect(),
        },
    }
}

/// Release builds keep the file in the executable, so it is never copied.
fn bytes(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    }
}

/// The media type, by file extension. The client has no other kinds of files.
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    /// The same minimum as in the build of the client. Smaller files are not compressed.
    const COMPRESSED_BYTES_MIN: usize = 1_024;

    fn is_text(path: &str) -> bool {
        [".html", ".js", ".css", ".svg", ".json"]
            .iter()
            .any(|ending| path.ends_with(ending))
    }

    #[test]
    fn every_text_of_the_client_is_there_compressed_too() {
        let site = site();
        assert!(site("index.html").is_some());
        for path in Files::iter().filter(|path| is_text(path)) {
            let Encoded {
                plain,
                brotli,
                gzip,
                ..
            } = site(&path).unwrap().contents;
            if plain.len() < COMPRESSED_BYTES_MIN {
                continue;
            }
            let (brotli, gzip) = (brotli.unwrap(), gzip.unwrap());
            assert!(
                brotli.len() < gzip.len() && gzip.len() < plain.len(),
                "{path}"
            );
            let mut text = Vec::new();
            GzDecoder::new(&*gzip).read_to_end(&mut text).unwrap();
            assert!(text == plain, "{path} differs when it is unpacked");
            assert!(site(&format!("{path}.br")).is_none(), "{path}.br");
        }
    }
}
