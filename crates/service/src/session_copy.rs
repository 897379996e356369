//! A session as bytes, for the cache that nodes share. Nodes of two versions run at the same time during an upgrade, so
//! bytes that this version does not understand are no error: the session is read from the store.

use sosik_feed::{PersonId, SessionId, Timestamp};
use sosik_store::{SessionRecord, TokenHash};

/// The first byte. A new layout gets another one.
const LAYOUT: u8 = 1;

/// The numbers before the name of the client.
const NUMBERS: usize = 5;

/// The copy of a session. Its token is the key of the entry.
pub(crate) fn encode(session: &SessionRecord) -> Vec<u8> {
    let SessionRecord {
        id,
        person,
        token: _,
        created_at,
        used_at,
        expires_at,
        client,
    } = session;
    let times = [created_at, used_at, expires_at].map(|time| time.as_millis());
    let [created_at, used_at, expires_at] = times;
    let numbers: [u64; NUMBERS] = [
        id.as_u64(),
        person.as_u64(),
        created_at,
        used_at,
        expires_at,
    ];
    let mut bytes = vec![LAYOUT];
    bytes.extend(numbers.into_iter().flat_map(u64::to_be_bytes));
    bytes.extend_from_slice(client.as_bytes());
    bytes
}

/// The session of a copy. `None` if it is not understood.
pub(crate) fn decode(token: &TokenHash, bytes: &[u8]) -> Option<SessionRecord> {
    let (layout, rest) = bytes.split_first()?;
    let (numbers, client) = rest.split_at_checked(8 * NUMBERS)?;
    let (numbers, _nothing) = numbers.as_chunks::<8>();
    let numbers: [[u8; 8]; NUMBERS] = numbers.try_into().ok()?;
    let [id, person, created_at, used_at, expires_at] = numbers.map(u64::from_be_bytes);
    let session = SessionRecord {
        id: SessionId::from_u64(id),
        person: PersonId::from_u64(person),
        token: *token,
        created_at: Timestamp::from_millis(created_at),
        used_at: Timestamp::from_millis(used_at),
        expires_at: Timestamp::from_millis(expires_at),
        client: str::from_utf8(client).ok()?.to_owned(),
    };
    (*layout == LAYOUT).then_some(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionRecord {
        SessionRecord {
            id: SessionId::from_u64(1),
            person: PersonId::from_u64(u64::MAX),
            token: [7; 32],
            created_at: Timestamp::from_millis(3),
            used_at: Timestamp::from_millis(4),
            expires_at: Timestamp::from_millis(5),
            client: "Firefox für 소식".to_owned(),
        }
    }

    #[test]
    fn a_session_is_the_same_after_the_way_through_its_copy() {
        for client in ["", "Firefox für 소식"] {
            let session = SessionRecord {
                client: client.to_owned(),
                ..session()
            };
            assert_eq!(decode(&session.token, &encode(&session)), Some(session));
        }
    }

    #[test]
    fn the_longest_name_of_a_client_fits_into_an_entry() {
        let session = SessionRecord {
            client: "🜁".repeat(crate::sessions::CLIENT_CHARACTERS_MAX),
            ..session()
        };
        assert!(encode(&session).len() <= sosik_fabric::shared_cache::VALUE_BYTES_MAX);
    }

    #[test]
    fn bytes_of_another_layout_or_length_are_not_understood() {
        let copy = encode(&session());
        let mut other = copy.clone();
        other[0] += 1;
        assert_eq!(decode(&[7; 32], &other), None);
        for length in 0..=8 * NUMBERS {
            assert_eq!(decode(&[7; 32], &copy[..length]), None, "{length}");
        }
        assert_eq!(decode(&[7; 32], &[&copy[..], &[0xff]].concat()), None);
    }
}
