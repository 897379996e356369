//! Tests of pictures as a whole.

use std::collections::BTreeSet;

use super::*;

const LANGUAGES: [Language; 3] = [Language::Ko, Language::En, Language::Ja];

#[test]
fn every_picture_has_a_description_in_each_language_that_fits_a_story() {
    for subject in Subject::ALL {
        let mut descriptions = BTreeSet::new();
        for seed in 0..400 {
            let picture = Picture::new(subject, seed);
            for language in LANGUAGES {
                let alt = picture.alt(language);
                let length = alt.chars().count();
                assert!((5..100).contains(&length), "{alt}");
                assert_eq!(alt, alt.trim());
                descriptions.insert(alt);
            }
        }
        assert!(descriptions.len() >= 12, "{subject:?}: {descriptions:?}");
    }
}

#[test]
fn a_seed_decides_what_a_picture_shows_and_the_file() {
    for subject in Subject::ALL {
        let draw = |seed| Picture::new(subject, seed).draw().unwrap();
        let (first, again, other) = (draw(3), draw(3), draw(4));
        assert!(first.starts_with(b"\xFF\xD8\xFF"), "a JPEG file");
        assert!(first == again, "{subject:?} is drawn in the same way again");
        assert!(first != other, "{subject:?} of another seed is another one");
        assert!(first.len() < 1_000_000, "{} bytes", first.len());
    }
    let faces: BTreeSet<_> = (0..20).map(|seed| draw_face(seed).unwrap()).collect();
    assert_eq!(faces.len(), 20);
}
