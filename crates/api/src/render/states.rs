//! The states of stories.

use sosik_service::stories::StoryState;

use super::{put, story};

/// Bytes of a state in addition to its story: the id and the names.
const FRAME_BYTES: usize = 64;

/// The JSON of one state.
pub(crate) fn story_state(state: &StoryState) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes_max(state));
    state_into(state, &mut out);
    out
}

/// `GET /v1/stories`.
pub(crate) fn story_states(states: &[StoryState]) -> Vec<u8> {
    let bytes: usize = states.iter().map(|state| bytes_max(state) + 1).sum();
    let mut out = Vec::with_capacity(bytes + FRAME_BYTES);
    put(&mut out, "{\"items\":[");
    for (place, state) in states.iter().enumerate() {
        if place > 0 {
            put(&mut out, ",");
        }
        state_into(state, &mut out);
    }
    put(&mut out, "]}");
    out
}

fn state_into(state: &StoryState, out: &mut Vec<u8>) {
    put(out, "{\"id\":\"");
    put(out, itoa::Buffer::new().format(state.id.as_u64()));
    put(out, "\",\"home\":");
    put(out, if state.on_home { "true" } else { "false" });
    put(out, ",\"story\":");
    match &state.item {
        Some(item) => {
            story::story_into(item, out);
        }
        None => put(out, "null"),
    }
    put(out, "}");
}

fn bytes_max(state: &StoryState) -> usize {
    FRAME_BYTES + state.item.as_ref().map_or(0, story::bytes_max)
}
