//! Text of a stranger for one line on a card.

use unicode_segmentation::UnicodeSegmentation;

/// Characters (Unicode scalar values) that a letter (grapheme cluster) may have, on average over a line. An emoji of a
/// family has seven. A letter with an excessive number of combining marks is cut off.
const LETTER_CHARACTERS: usize = 4;

/// Most characters of a line of at most `letters_max` letters, including the ellipsis.
pub(super) const fn characters_max(letters_max: usize) -> usize {
    letters_max * LETTER_CHARACTERS + 1
}

/// One line of at most `letters_max` letters as a reader counts them. Runs of white space become one space. Control
/// characters and marks that turn the direction of the text around it disappear.
pub(super) fn line(text: &str, letters_max: usize) -> Option<String> {
    let kept: String = text
        .chars()
        .map(spaced)
        .filter(|letter| !is_hidden(*letter))
        .collect();
    let line = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = match end(&line, letters_max) {
        Some(end) => format!("{}…", line[..end].trim_end()),
        None => line,
    };
    (!line.is_empty()).then_some(line)
}

/// The byte offset at which a line is cut, between two letters. `None` if it is short enough.
fn end(line: &str, letters_max: usize) -> Option<usize> {
    let mut room = letters_max * LETTER_CHARACTERS;
    let mut letters = line.grapheme_indices(true).enumerate();
    let too_much = letters.find(|(number, (_, letter))| {
        let characters = letter.chars().count();
        let fits = *number < letters_max && characters <= room;
        room = room.saturating_sub(characters);
        !fits
    });
    too_much.map(|(_, (start, _))| start)
}

fn spaced(letter: char) -> char {
    if letter.is_control() { ' ' } else { letter }
}

/// Overrides and isolates of direction, spaces without width, and private characters. Joiners stay: emoji need them.
fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{00AD}' | '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}'
        | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E007F}' | '\u{F0000}'..)
}
