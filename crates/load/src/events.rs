//! Parses server-sent events that arrive in pieces.

/// Largest event, in bytes. A server that sends more without an end is broken.
const EVENT_BYTES_MAX: usize = 1 << 20;

/// One event, or a comment, which has an empty name and empty data.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

/// Takes bytes, gives events.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    unread: Vec<u8>,
}

impl Parser {
    /// The events that these bytes complete.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.unread.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
            let block: Vec<u8> = self.unread.drain(..end + 2).collect();
            events.push(parse(&String::from_utf8_lossy(&block)));
        }
        if self.unread.len() > EVENT_BYTES_MAX {
            self.unread.clear();
        }
        events
    }
}

fn parse(block: &str) -> Event {
    let mut event = Event::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "id" => event.id = Some(value.to_owned()),
            "data" => event.data.push_str(value),
            _ => {}
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_whole_however_the_bytes_are_cut() {
        let text = ":\n\nevent: story\nid: abc\ndata: {\"id\":\"1\"}\n\n";
        for cut in 0..text.len() {
            let mut parser = Parser::default();
            let mut events = parser.take(&text.as_bytes()[..cut]);
            events.extend(parser.take(&text.as_bytes()[cut..]));
            let story = Event {
                name: "story".to_owned(),
                id: Some("abc".to_owned()),
                data: "{\"id\":\"1\"}".to_owned(),
            };
            assert_eq!(events, [Event::default(), story]);
        }
    }
}
