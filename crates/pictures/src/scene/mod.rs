//! The subjects of pictures. Each has a file with its variants, its description and its drawing.
//! A description names only what the variants decide, so it is correct for every seed. To add a subject, add its file,
//! a variant of [`Scene`] and one of [`crate::Subject`].

mod cat;
mod city;
mod food;
mod hills;
mod sea;
mod sky;

use sosik_feed::people::Language;

use crate::Subject;
use crate::canvas::Canvas;
use crate::chance::Chance;

/// The variants of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    Cat(cat::Cat),
    City(city::City),
    Food(food::Food),
    Hills(hills::Hills),
    Sea(sea::Sea),
}

impl Scene {
    pub(crate) fn new(subject: Subject, chance: &mut Chance) -> Self {
        match subject {
            Subject::Cat => Self::Cat(cat::Cat::new(chance)),
            Subject::City => Self::City(city::City::new(chance)),
            Subject::Food => Self::Food(food::Food::new(chance)),
            Subject::Hills => Self::Hills(hills::Hills::new(chance)),
            Subject::Sea => Self::Sea(sea::Sea::new(chance)),
        }
    }

    pub(crate) fn alt(self, language: Language) -> String {
        match self {
            Self::Cat(cat) => cat.alt(language),
            Self::City(city) => city.alt(language),
            Self::Food(food) => food.alt(language).to_owned(),
            Self::Hills(hills) => hills.alt(language),
            Self::Sea(sea) => sea.alt(language),
        }
    }

    pub(crate) fn draw(self, [width, height]: [usize; 2], chance: &mut Chance) -> Canvas {
        match self {
            Self::Cat(cat) => cat.draw([width, height], chance),
            Self::City(city) => city.draw([width, height], chance),
            Self::Food(food) => food.draw([width, height], chance),
            Self::Hills(hills) => hills.draw([width, height], chance),
            Self::Sea(sea) => sea.draw([width, height], chance),
        }
    }
}
