//! Checksums that clients send with a part of an upload.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The algorithms, as clients name them.
pub const CHECKSUM_ALGORITHMS: &str = "sha256,sha1";

/// The expected digest of the bytes of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    algorithm: Algorithm,
    digest: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha1,
}

impl Checksum {
    /// Reads the name of an algorithm, a space, and the digest as base64. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digest) = text.split_once(' ')?;
        let (algorithm, length) = match name {
            "sha256" => (Algorithm::Sha256, 32),
            "sha1" => (Algorithm::Sha1, 20),
            _ => return None,
        };
        let digest = BASE64_STANDARD.decode(digest.trim_ascii()).ok()?;
        (digest.len() == length).then_some(Self { algorithm, digest })
    }

    /// Begins to compute the digest.
    pub(super) fn begin(self) -> Digesting {
        let running = match self.algorithm {
            Algorithm::Sha256 => Running::Sha256(Sha256::new()),
            Algorithm::Sha1 => Running::Sha1(Sha1::new()),
        };
        Digesting {
            running,
            expected: self.digest,
        }
    }
}

/// A digest of the bytes that arrived.
pub(super) struct Digesting {
    running: Running,
    expected: Vec<u8>,
}

enum Running {
    Sha256(Sha256),
    Sha1(Sha1),
}

impl Digesting {
    /// Adds bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.running {
            Running::Sha256(digest) => digest.update(bytes),
            Running::Sha1(digest) => digest.update(bytes),
        }
    }

    /// True if all bytes together have the expected digest.
    pub(super) fn matches_expected(self) -> bool {
        match self.running {
            Running::Sha256(digest) => digest.finalize().as_slice() == self.expected,
            Running::Sha1(digest) => digest.finalize().as_slice() == self.expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_names_its_algorithm_and_has_its_length() {
        let right = [
            "sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=",
        ];
        for text in right {
            let checksum = Checksum::parse(text).unwrap();
            let mut digest = checksum.clone().begin();
            digest.update(b"hel");
            digest.update(b"lo");
            assert!(digest.matches_expected(), "{text}");
            let mut digest = checksum.begin();
            digest.update(b"hallo");
            assert!(!digest.matches_expected(), "{text}");
        }
        for text in [
            "md5 1B2M2Y8AsgTpgAmY7PhCfg==",
            "sha1",
            "sha1 x",
            "sha256 qvTGHdzF6KLavt4PO0gs2a6pQ00=",
        ] {
            assert_eq!(Checksum::parse(text), None, "{text}");
        }
    }
}
