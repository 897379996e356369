//! Fills the slots of templates. [`mod@super::chapter`] documents the marks.

use super::Scene;
use super::chapter::Tongue;
use super::particles::particle;
use crate::dice::Dice;

/// Maximum number of draws to avoid repeating a word or line.
const DRAWS_MAX: u32 = 8;

/// Fills the templates of one text and remembers the words it used.
pub(super) struct Filler<'a> {
    pub(super) tongue: &'static Tongue,
    pub(super) dice: &'a mut Dice,
    scene: &'a Scene<'a>,
    words: Vec<(&'static str, &'static str)>,
    friend_named: bool,
}

impl<'a> Filler<'a> {
    pub(super) fn new(tongue: &'static Tongue, scene: &'a Scene<'a>, dice: &'a mut Dice) -> Self {
        Self::remembering(tongue, scene, &[], dice)
    }

    /// Continues with the words of an earlier text.
    pub(super) fn remembering(
        tongue: &'static Tongue,
        scene: &'a Scene<'a>,
        words: &[(&'static str, &'static str)],
        dice: &'a mut Dice,
    ) -> Self {
        Self {
            tongue,
            dice,
            scene,
            words: words.to_vec(),
            friend_named: false,
        }
    }

    /// Number of slots that have a word so far.
    pub(super) fn words_used(&self) -> usize {
        self.words.len()
    }

    /// The words used, by slot.
    pub(super) fn into_words(self) -> Vec<(&'static str, &'static str)> {
        self.words
    }

    /// Fills one of the templates. Skips templates that name a friend if there is none to name.
    pub(super) fn any_of(&mut self, templates: &[&'static str]) -> String {
        for _ in 0..DRAWS_MAX {
            let template = self.dice.pick(templates);
            if let Some(text) = self.one(template) {
                return text;
            }
        }
        templates
            .iter()
            .find_map(|template| self.one(template))
            .unwrap_or_default()
    }

    /// Fills this template. `None` if it names a friend but there is none to name, or one is already named.
    pub(super) fn one(&mut self, template: &'static str) -> Option<String> {
        if template.contains("{friend") && (self.friend_named || self.scene.friend.is_none()) {
            return None;
        }
        let mut text = String::with_capacity(template.len() * 2);
        let mut rest = template;
        while let Some(open) = rest.find(['{', '[']) {
            text.push_str(&rest[..open]);
            let close = if rest[open..].starts_with('{') {
                '}'
            } else {
                ']'
            };
            let Some(end) = rest[open..].find(close).map(|length| open + length) else {
                break;
            };
            let mark = &rest[open + 1..end];
            if close == '}' {
                self.slot(mark, &mut text);
            } else {
                self.alternative(mark, &mut text);
            }
            rest = &rest[end + 1..];
        }
        text.push_str(rest);
        Some(text)
    }

    fn alternative(&mut self, mark: &'static str, text: &mut String) {
        let choices: Vec<&str> = mark.split('|').collect();
        text.push_str(self.dice.pick(&choices));
    }

    fn slot(&mut self, mark: &'static str, text: &mut String) {
        let (slot, pair) = mark.split_once('|').unwrap_or((mark, ""));
        if slot == "friend" {
            let handle = self.scene.friend.unwrap_or_default();
            self.friend_named = true;
            text.push('@');
            text.push_str(handle);
            text.push_str(particle(handle, pair));
        } else {
            let word = self.word(slot);
            text.push_str(word);
            text.push_str(particle(word, pair));
        }
    }

    /// The word of this slot: the one used before in this text, or a new one.
    fn word(&mut self, slot: &'static str) -> &'static str {
        if let Some((_, word)) = self.words.iter().find(|(known, _)| *known == slot) {
            return word;
        }
        let word = self.new_word(slot);
        self.words.push((slot, word));
        word
    }

    fn new_word(&mut self, slot: &'static str) -> &'static str {
        let kind = kind(slot);
        let choices: &[&'static str] = match kind {
            "meal" => &self.tongue.meal[&self.scene.moment.part_of_day()],
            _ => self.tongue.words.get(kind).map_or(&[""], |words| **words),
        };
        // A pet belongs to the author, so it has the same name in all of their stories.
        if slot == "pet" {
            return choices[self.scene.author as usize % choices.len()];
        }
        let mut word = self.dice.pick(choices);
        for _ in 0..DRAWS_MAX {
            if !self
                .words
                .iter()
                .any(|&(other, used)| used == word && self::kind(other) == kind)
            {
                break;
            }
            word = self.dice.pick(choices);
        }
        word
    }
}

/// The slots in a template.
pub(super) fn slots(template: &'static str) -> impl Iterator<Item = &'static str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|part| part.split(['|', '}']).next())
}

/// The kind of a slot: that of `food2` is `food`.
pub(super) fn kind(slot: &str) -> &str {
    slot.trim_end_matches(|character: char| character.is_ascii_digit())
}
