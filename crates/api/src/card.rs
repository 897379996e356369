//! The head of a page for programs that preview links: Open Graph and Twitter cards.
//!
//! A card contains only what a stranger may see: it is the same for every reader, so caches may keep it. Its texts are
//! on one line, without characters that change the direction of the text around them, and escaped.

use sosik_feed::people::Language;
use sosik_feed::text::beginning;
use sosik_service::caches::PersonEntry;
use sosik_service::stories::StoryItem;

use crate::html::escape;

/// The name of the site.
const SITE: &str = "Sosik";

/// The app's icon stands for the picture, until there are pictures. It is a square of 512 pixels.
const IMAGE: &str = "/icons/app-512.png";

/// Characters of a description, as people count them. Previews cut off longer ones, at places of their own choice.
const DESCRIPTION_MAX: usize = 200;

/// Characters of a name in a title. Names are shorter; this is for old ones.
const NAME_MAX: usize = 60;

/// What a preview shows of a page.
pub(crate) struct Card {
    title: String,
    description: String,
    path: String,
    locale: &'static str,
    /// The kind of the page, and what that kind has in addition, as properties.
    properties: Vec<(&'static str, String)>,
}

impl Card {
    /// A story that everybody may see.
    pub(crate) fn of_story(item: &StoryItem) -> Self {
        let story = &item.story.record;
        Self {
            title: title(&item.author),
            description: beginning(&story.text, DESCRIPTION_MAX),
            path: format!("/stories/{}", story.id),
            locale: locale(item.author.record.language),
            properties: vec![
                ("og:type", "article".to_owned()),
                ("article:published_time", story.created_at.to_string()),
            ],
        }
    }

    /// A person.
    pub(crate) fn of_person(person: &PersonEntry) -> Self {
        let record = &person.record;
        let description = match beginning(&record.bio, DESCRIPTION_MAX) {
            bio if bio.is_empty() => format!("@{} · {SITE}", record.handle),
            bio => bio,
        };
        Self {
            title: title(person),
            description,
            path: format!("/@{}", record.handle),
            locale: locale(record.language),
            properties: vec![
                ("og:type", "profile".to_owned()),
                ("profile:username", record.handle.clone()),
            ],
        }
    }

    /// The page of the client with the head of this card. `None` for a page without a title.
    pub(crate) fn put_into(&self, page: &str, public_url: &str) -> Option<String> {
        let (begin, rest) = page.split_once("<title>")?;
        let (_, rest) = rest.split_once("</title>")?;
        // The general description of the client, if it has one.
        let (between, rest) = match rest.split_once("<meta name=\"description\"") {
            Some((between, rest)) => (between, rest.split_once('>')?.1),
            None => (rest, ""),
        };
        Some([begin, &self.head(public_url), between, rest].concat())
    }

    fn head(&self, public_url: &str) -> String {
        let Self {
            title, description, ..
        } = self;
        let url = format!("{public_url}{}", self.path);
        let image = format!("{public_url}{IMAGE}");
        let mut head = format!("<title>{} · {SITE}</title>", escape(title));
        put(&mut head, "name", "description", description);
        head.push_str(&format!(
            "\n    <link rel=\"canonical\" href=\"{}\" />",
            escape(&url)
        ));
        for (property, content) in [
            ("og:site_name", SITE),
            ("og:title", title),
            ("og:description", description),
            ("og:url", &url),
            ("og:locale", self.locale),
            ("og:image", &image),
            ("og:image:width", "512"),
            ("og:image:height", "512"),
            ("og:image:alt", SITE),
        ] {
            put(&mut head, "property", property, content);
        }
        for (property, content) in &self.properties {
            put(&mut head, "property", property, content);
        }
        put(&mut head, "name", "twitter:card", "summary");
        head
    }
}

fn put(head: &mut String, key: &str, name: &str, content: &str) {
    let content = escape(content);
    head.push_str(&format!(
        "\n    <meta {key}=\"{name}\" content=\"{content}\" />"
    ));
}

/// The name of a person with the handle, which nobody else has.
fn title(person: &PersonEntry) -> String {
    let name = beginning(&person.record.display_name, NAME_MAX);
    format!("{name} (@{})", person.record.handle)
}

const fn locale(language: Language) -> &'static str {
    match language {
        Language::Ko => "ko_KR",
        Language::En => "en_US",
        Language::Ja => "ja_JP",
    }
}

#[cfg(test)]
mod tests {
    use sosik_feed::PersonId;
    use sosik_service::caches::Renderings;
    use sosik_store::PersonRecord;

    use super::*;

    const PAGE: &str =
        "<head><title>Sosik</title>\n<meta name=\"description\" content=\"News\" />\n<x></head>";

    fn person(display_name: &str, bio: &str) -> PersonEntry {
        PersonEntry {
            record: PersonRecord {
                id: PersonId::from_u64(41),
                handle: "mina".to_owned(),
                display_name: display_name.to_owned(),
                bio: bio.to_owned(),
                avatar: None,
                language: Language::Ko,
                revision: 1,
                privacy: sosik_feed::Privacy::default(),
            },
            renderings: Renderings::default(),
        }
    }

    fn page(display_name: &str, bio: &str) -> String {
        let card = Card::of_person(&person(display_name, bio));
        card.put_into(PAGE, "https://sosik.example").unwrap()
    }

    /// The contents of the element and of the attributes in the head.
    #[track_caller]
    fn check_holds(page: &str, elements: usize) {
        assert_eq!(page.matches('<').count(), elements, "{page}");
        assert_eq!(page.matches('>').count(), elements, "{page}");
        for line in page.lines().filter(|line| line.contains("<meta")) {
            assert_eq!(line.matches('"').count(), 4, "{line}");
        }
    }

    #[test]
    fn the_head_of_the_page_is_replaced_and_the_rest_stays() {
        let page = page("미나", "안녕");
        assert!(page.starts_with("<head><title>미나 (@mina) · Sosik</title>\n"));
        assert!(page.ends_with("\n<x></head>") && !page.contains("News"));
        for line in [
            "<meta name=\"description\" content=\"안녕\" />",
            "<link rel=\"canonical\" href=\"https://sosik.example/@mina\" />",
            "<meta property=\"og:title\" content=\"미나 (@mina)\" />",
            "<meta property=\"og:url\" content=\"https://sosik.example/@mina\" />",
            "<meta property=\"og:image\" content=\"https://sosik.example/icons/app-512.png\" />",
            "<meta property=\"og:locale\" content=\"ko_KR\" />",
            "<meta property=\"og:type\" content=\"profile\" />",
            "<meta name=\"twitter:card\" content=\"summary\" />",
        ] {
            assert_eq!(page.matches(line).count(), 1, "{line} in {page}");
        }
    }

    #[test]
    fn no_text_of_a_person_leaves_its_place() {
        let elements = page("a", "b").matches('<').count();
        for text in [
            "</title><script>alert(1)</script>",
            "\" onload=\"alert(1)",
            "' onload='alert(1)",
            "--><!--<svg>",
            "&lt;script&gt; &quot; &#x22;",
            "<meta name=\"description\"",
            "line\nbreak\r\n\u{2028}and\ttab\u{0}\u{b}",
            &"긴 소식 👩‍👩‍👧‍👦 ".repeat(100),
        ] {
            check_holds(&page(text, "bio"), elements);
            check_holds(&page("name", text), elements);
        }
    }

    #[test]
    fn an_override_of_direction_does_not_leave_the_card() {
        let page = page("\u{202e}anim", "a\u{202e}b\u{2066}c");
        assert!(page.contains("content=\"anim (@mina)\"") && page.contains("content=\"abc\""));
        assert!(!page.contains(['\u{202e}', '\u{2066}']));
    }

    #[test]
    fn a_person_without_a_bio_is_described_by_the_handle() {
        assert!(page("미나", " ").contains("content=\"@mina · Sosik\""));
    }

    #[test]
    fn a_page_without_a_title_gets_no_card() {
        let card = Card::of_person(&person("미나", ""));
        assert_eq!(card.put_into("<p>", "https://sosik.example"), None);
    }
}
