//! Hexadecimal digits of a number, for request ids and entity tags. Every response has a request id, and the formatting
//! of the standard library costs ten times as much.

/// The sixteen digits of a number, in lower case.
#[expect(clippy::cast_possible_truncation, reason = "masked to four bits")]
pub(crate) fn digits(number: u64) -> [u8; 16] {
    std::array::from_fn(|place| b"0123456789abcdef"[(number >> (60 - 4 * place)) as usize & 0xf])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_of_the_standard_library() {
        for number in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(digits(number), format!("{number:016x}").as_bytes());
        }
    }
}
