//! What a page says about itself.
//!
//! Open Graph first, then the card tags of X, then what HTML itself has. Only the head is read.

use html5gum::{DefaultEmitter, EndTag, StartTag, Token, Tokenizer};
use url::Url;

use super::{charset, link::Link, text};

/// Letters of a title. A card shows two lines.
const TITLE_LETTERS_MAX: usize = 150;

/// Letters of a description. A card shows three lines.
const DESCRIPTION_LETTERS_MAX: usize = 300;

/// Letters of a host: the maximum of DNS.
const HOST_LETTERS_MAX: usize = 253;

/// Letters of the name of a site.
const SITE_LETTERS_MAX: usize = 60;

/// Characters of a title.
pub const TITLE_CHARACTERS_MAX: usize = text::characters_max(TITLE_LETTERS_MAX);

/// Characters of a description.
pub const DESCRIPTION_CHARACTERS_MAX: usize = text::characters_max(DESCRIPTION_LETTERS_MAX);

/// Characters of the name of a site, which may be its host.
pub const SITE_CHARACTERS_MAX: usize = text::characters_max(HOST_LETTERS_MAX);

/// Texts of a page, as plain text on one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// Name of the site, or its host.
    pub site: String,
    /// Where its picture is. Not fetched yet and not checked.
    pub picture: Option<Url>,
}

/// Values of the head in order of preference: the first one that is not empty wins.
#[derive(Default)]
struct Found {
    titles: [Option<String>; 3],
    descriptions: [Option<String>; 3],
    sites: [Option<String>; 2],
    pictures: [Option<String>; 4],
}

/// Reads a page. `charset` is what the header of the answer names; `url` is where the page was found after redirects.
///
/// Returns nothing for a page without a title.
pub fn parse(bytes: &[u8], charset: Option<&str>, url: &Url) -> Option<Page> {
    let found = scan(&charset::decode(bytes, charset));
    let title = first(&found.titles, TITLE_LETTERS_MAX)?;
    let host = url.host_str().unwrap_or_default();
    let site = first(&found.sites, SITE_LETTERS_MAX);
    Some(Page {
        title,
        description: first(&found.descriptions, DESCRIPTION_LETTERS_MAX),
        site: site.unwrap_or_else(|| host_name(host)),
        picture: picture(&found, url),
    })
}

/// A host as the name of its site, without `www.`. It is cut, because a URL may have a host that is too long for DNS.
fn host_name(host: &str) -> String {
    let host = host.strip_prefix("www.").unwrap_or(host);
    text::line(host, HOST_LETTERS_MAX).unwrap_or_default()
}

fn first(values: &[Option<String>], letters_max: usize) -> Option<String> {
    let mut values = values.iter().flatten();
    values.find_map(|value| text::line(value, letters_max))
}

/// The first picture with a link that may be fetched.
fn picture(found: &Found, url: &Url) -> Option<Url> {
    let values = found.pictures.iter().flatten();
    let mut links = values.filter_map(|value| url.join(value.trim()).ok());
    links.find(|link| Link::parse(link.as_str()).is_ok())
}

fn scan(page: &str) -> Found {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut found = Found::default();
    let mut in_title = false;
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) if ends_head(&tag.name) => break,
            Token::StartTag(tag) => in_title = found.open(&tag),
            Token::EndTag(EndTag { name, .. }) if &**name == b"head" => break,
            Token::EndTag(_) => in_title = false,
            Token::String(value) if in_title => found.title(&value),
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    found
}

fn ends_head(name: &[u8]) -> bool {
    name == b"body"
}

/// Keeps the first value: a page that repeats a tag means the first.
fn keep(place: &mut Option<String>, value: String) {
    if !value.trim().is_empty() {
        place.get_or_insert(value);
    }
}

impl Found {
    /// Takes what a tag says. True if text of the title follows.
    fn open(&mut self, tag: &StartTag<()>) -> bool {
        match &**tag.name {
            b"meta" => self.meta(tag),
            b"link" => self.link(tag),
            b"title" => return self.titles[2].is_none(),
            _ => {}
        }
        false
    }

    fn title(&mut self, value: &[u8]) {
        let value = String::from_utf8_lossy(value);
        self.titles[2].get_or_insert_default().push_str(&value);
    }

    fn meta(&mut self, tag: &StartTag<()>) {
        let name = attribute(tag, b"property").or_else(|| attribute(tag, b"name"));
        let (Some(name), Some(value)) = (name, attribute(tag, b"content")) else {
            return;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "og:title" => keep(&mut self.titles[0], value),
            "twitter:title" => keep(&mut self.titles[1], value),
            "og:description" => keep(&mut self.descriptions[0], value),
            "twitter:description" => keep(&mut self.descriptions[1], value),
            "description" => keep(&mut self.descriptions[2], value),
            "og:site_name" => keep(&mut self.sites[0], value),
            "application-name" => keep(&mut self.sites[1], value),
            "og:image:secure_url" => keep(&mut self.pictures[0], value),
            "og:image" | "og:image:url" => keep(&mut self.pictures[1], value),
            "twitter:image" | "twitter:image:src" => keep(&mut self.pictures[2], value),
            _ => {}
        }
    }

    fn link(&mut self, tag: &StartTag<()>) {
        let relation = attribute(tag, b"rel").unwrap_or_default();
        if relation.eq_ignore_ascii_case("image_src")
            && let Some(value) = attribute(tag, b"href")
        {
            keep(&mut self.pictures[3], value);
        }
    }
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let value = tag.attributes.get(name)?;
    Some(String::from_utf8_lossy(value).into_owned())
}
