//! Server-sent events as bytes.

use bytes::Bytes;
use sosik_feed::cursor::seal;

/// A comment, which shows that the connection is alive.
pub(crate) const HEART_BEAT: Bytes = Bytes::from_static(b":\n\n");

/// Bytes of an event in addition to its data: a cursor and the names.
const EVENT_BYTES: usize = seal::TEXT_MAX + 64;

/// One event. `data` must be one line, which JSON is.
pub(crate) fn event(name: &str, id: Option<&str>, data: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(data.len() + EVENT_BYTES);
    line(&mut out, "event: ", name.as_bytes());
    if let Some(id) = id {
        line(&mut out, "id: ", id.as_bytes());
    }
    line(&mut out, "data: ", data);
    out.push(b'\n');
    out.into()
}

/// The last event: reconnect after this number of milliseconds. It has no id, so the previous one stays valid.
pub(crate) fn closing_event(retry_ms: u64) -> Bytes {
    let mut out = Vec::with_capacity(48);
    line(&mut out, "event: ", b"bye");
    line(&mut out, "retry: ", retry_ms.to_string().as_bytes());
    line(&mut out, "data: ", b"{}");
    out.push(b'\n');
    out.into()
}

fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_with_an_empty_line_and_carries_its_cursor() {
        let bytes = event("story", Some("a-cursor"), b"{\"id\":\"1\"}");
        assert_eq!(
            bytes,
            "event: story\nid: a-cursor\ndata: {\"id\":\"1\"}\n\n"
        );
        assert_eq!(closing_event(1500), "event: bye\nretry: 1500\ndata: {}\n\n");
    }
}
