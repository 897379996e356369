//! Draws the pictures of the demo: landscapes, the sea, cities, food and cats for stories, and faces for avatars.
//! The promise: a seed determines what a picture shows and its descriptions, on every machine. The pixels may differ
//! slightly between processors, because they are computed with floating point. The town uses no floating point, so this
//! is a separate crate.
//!
//! Every picture is computed from shapes. Photos of real people and places were refused, because of copyright and
//! privacy. Picture files were refused, because hundreds of them would make the executable large.

mod canvas;
mod chance;
mod colour;
mod portrait;
mod scene;

use jpeg_encoder::{ColorType, Encoder, EncodingError};
use sosik_feed::people::Language;

use canvas::Canvas;
use chance::Chance;
use scene::Scene;

/// JPEG quality, from 1 to 100. The server encodes each picture again for every size.
const QUALITY: u8 = 88;

/// Width and height of pictures in pixels, as cameras make them: landscape, portrait and square.
const SIZES: [[usize; 2]; 4] = [[1080, 810], [1080, 720], [810, 1080], [1000, 1000]];

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A cat in a room.
    Cat,
    /// A city at night.
    City,
    /// Food or a drink.
    Food,
    /// Hills in a season.
    Hills,
    /// The sea.
    Sea,
}

impl Subject {
    /// All subjects.
    pub const ALL: [Self; 5] = [Self::Cat, Self::City, Self::Food, Self::Hills, Self::Sea];
}

/// A picture that is not drawn yet.
#[derive(Debug, Clone)]
pub struct Picture {
    scene: Scene,
    size: [usize; 2],
    /// Random numbers for details that the description does not mention.
    chance: Chance,
}

impl Picture {
    /// The picture of this subject and seed.
    #[must_use]
    pub fn new(subject: Subject, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        Self {
            scene: Scene::new(subject, &mut chance),
            size: chance.pick(&SIZES),
            chance,
        }
    }

    /// The description for people who cannot see the picture: one phrase, shorter than 100 characters.
    #[must_use]
    pub fn alt(&self, language: Language) -> String {
        self.scene.alt(language)
    }

    /// Draws the picture and encodes it as JPEG. Takes tens of milliseconds.
    ///
    /// # Errors
    /// When the encoder fails, which is a bug.
    pub fn draw(mut self) -> Result<Vec<u8>, EncodingError> {
        let canvas = self.scene.draw(self.size, &mut self.chance);
        encode(self.size, canvas, &mut self.chance)
    }
}

/// Draws the face of this seed, square, and encodes it as JPEG.
///
/// # Errors
/// When the encoder fails, which is a bug.
pub fn draw_face(seed: u64) -> Result<Vec<u8>, EncodingError> {
    let mut chance = Chance::new(seed);
    let (size, canvas) = portrait::draw(&mut chance);
    encode(size, canvas, &mut chance)
}

fn encode(size: [usize; 2], canvas: Canvas, chance: &mut Chance) -> Result<Vec<u8>, EncodingError> {
    let [width, height] = size.map(|side| u16::try_from(side).unwrap_or(u16::MAX));
    let mut file = Vec::new();
    Encoder::new(&mut file, QUALITY).encode(
        &canvas.finish(chance),
        width,
        height,
        ColorType::Rgb,
    )?;
    Ok(file)
}

#[cfg(test)]
mod tests;
