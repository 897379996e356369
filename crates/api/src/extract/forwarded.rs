//! Parses the chain of addresses that proxies write: `X-Forwarded-For`, or `Forwarded` (RFC 7239).
//!
//! [`address`](super::address) decides which hops to trust. This module only parses, from right to left: the rightmost
//! entry is the newest. It parses `Forwarded` without a library: the existing ones split inside quoted strings, so a
//! client could hide a second `for=` in a quoted `host` that a trusted proxy copies.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue};

/// The header in which the proxies of this service write the address of their client.
///
/// Only this header is read. A proxy that writes one of the two headers passes the other on unchanged from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses separated by commas, with or without ports.
    #[default]
    XForwardedFor,
    /// `Forwarded` of RFC 7239.
    Forwarded,
}

/// Parses one line of the header, oldest hop first.
type ReadLine = fn(&str) -> Vec<Option<IpAddr>>;

/// The hops of the header, newest first. `None` is a hop without a readable address: an obfuscated identifier,
/// `unknown`, or a syntax error.
pub(super) fn hops(header: ForwardedHeader, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let (name, read): (_, ReadLine) = match header {
        ForwardedHeader::XForwardedFor => ("x-forwarded-for", plain),
        ForwardedHeader::Forwarded => ("forwarded", elements),
    };
    let lines = headers.get_all(name).iter().map(HeaderValue::to_str);
    let mut hops: Vec<_> = lines
        .flat_map(|line| line.map_or_else(|_| vec![None], read))
        .collect();
    hops.reverse();
    hops
}

fn plain(line: &str) -> Vec<Option<IpAddr>> {
    line.split(',').map(|hop| address(hop.trim())).collect()
}

/// The `for` of each element. A line with an unterminated quote is one unreadable hop.
fn elements(line: &str) -> Vec<Option<IpAddr>> {
    match split_outside_quotes(line, b',') {
        Some(elements) => elements.into_iter().map(element).collect(),
        None => vec![None],
    }
}

fn element(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split_outside_quotes(element, b';')? {
        let (name, value) = pair.trim().split_once('=')?;
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    address(unquoted(found?))
}

fn unquoted(value: &str) -> &str {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value)
}

/// The parts between separators outside of quoted strings; `None` if a quoted string is not terminated.
fn split_outside_quotes(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted).then_some(parts)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']');
    let address = text
        .parse()
        .ok()
        .or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
        .or_else(|| bracketed()?.parse::<Ipv6Addr>().ok().map(IpAddr::V6));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: ForwardedHeader, lines: &[&'static str]) -> Vec<String> {
        let name = match header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_static(line));
        }
        let shown = |hop: Option<IpAddr>| hop.map_or_else(|| "?".to_owned(), |ip| ip.to_string());
        hops(header, &headers).into_iter().map(shown).collect()
    }

    #[test]
    fn plain_addresses_come_with_ports_brackets_and_in_several_lines() {
        let read = |lines| read(ForwardedHeader::XForwardedFor, lines);
        assert_eq!(read(&["192.0.2.1:4711"]), ["192.0.2.1"]);
        assert_eq!(
            read(&["[2001:db8::1]:4711, [2001:db8::2]", "2001:db8::3"]),
            ["2001:db8::3", "2001:db8::2", "2001:db8::1"]
        );
        assert_eq!(read(&["::ffff:192.0.2.1"]), ["192.0.2.1"]);
        assert_eq!(
            read(&["rubbish, , 192.0.2.1:99999, [192.0.2.1]"]),
            ["?", "?", "?", "?"]
        );
        assert!(read(&[]).is_empty());
    }

    #[test]
    fn forwarded_elements_are_read_as_rfc_7239_writes_them() {
        let read = |lines| read(ForwardedHeader::Forwarded, lines);
        assert_eq!(
            read(&[
                "for=192.0.2.43, for=\"[2001:db8:cafe::17]:4711\"",
                "For=198.51.100.17;proto=https;by=203.0.113.60"
            ]),
            ["198.51.100.17", "2001:db8:cafe::17", "192.0.2.43"]
        );
        assert_eq!(read(&["for=\"192.0.2.43:47011\""]), ["192.0.2.43"]);
        assert_eq!(
            read(&["for=_hidden, for=unknown, for=\"_gazonk:_p\"", "proto=http"]),
            ["?", "?", "?", "?"]
        );
    }

    #[test]
    fn nothing_inside_quotes_counts_as_an_entry() {
        let read = |lines| read(ForwardedHeader::Forwarded, lines);
        assert_eq!(
            read(&["for=192.0.2.43;host=\"x;for=10.9.9.9, for=10.8.8.8\""]),
            ["192.0.2.43"]
        );
        assert_eq!(
            read(&["for=192.0.2.43;host=\"a\\\", for=10.8.8.8\""]),
            ["192.0.2.43"]
        );
        assert_eq!(
            read(&["for=\"10.9.9.9, for=192.0.2.43"]),
            ["?"],
            "a quoted string that does not end"
        );
        assert_eq!(read(&["for=192.0.2.43;for=10.9.9.9"]), ["?"]);
    }
}
