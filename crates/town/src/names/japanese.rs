//! Japanese names with their readings, because the same characters have several readings.

use serde::Deserialize;

use super::Name;
use crate::dice::Dice;

/// A written name and its reading.
type Read = (String, String);

/// The Japanese names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    families: Vec<Read>,
    given: Vec<Read>,
}

impl Names {
    pub(super) fn family(&'static self, dice: &mut Dice) -> Name {
        any_of(&self.families, dice)
    }

    pub(super) fn given(&'static self, dice: &mut Dice) -> Name {
        any_of(&self.given, dice)
    }
}

fn any_of(names: &'static [Read], dice: &mut Dice) -> Name {
    let (written, latin) = &names[dice.index(names.len())];
    Name {
        written,
        latin: latin.clone(),
    }
}
