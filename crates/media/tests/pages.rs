//! What a page says about itself.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_8, WINDOWS_1252};
use proptest::prelude::*;
use sosik_media::preview::{Page, parse};
use url::Url;

fn address() -> Url {
    Url::parse("https://www.news.example/2026/11/story.html?id=4").unwrap()
}

fn page(html: &str) -> Option<Page> {
    parse(html.as_bytes(), None, &address())
}

fn title(html: &str) -> Option<String> {
    page(html).map(|page| page.title)
}

#[test]
fn open_graph_comes_first() {
    let html = r#"<!doctype html><html><head>
        <title>Story | News</title>
        <meta name="description" content="plain">
        <meta name="twitter:title" content="card">
        <meta property="og:title" content="The &quot;story&quot; &amp; more">
        <meta property="og:description" content="graph">
        <meta property="og:site_name" content="The News">
        <meta property="og:image" content="/pictures/1.jpg">
        </head><body></body></html>"#;
    let wanted = Page {
        title: "The \"story\" & more".to_owned(),
        description: Some("graph".to_owned()),
        site: "The News".to_owned(),
        picture: Some(Url::parse("https://www.news.example/pictures/1.jpg").unwrap()),
    };
    assert_eq!(page(html), Some(wanted));
}

#[test]
fn a_page_without_open_graph_has_its_own_title_and_host() {
    let html = "<title>\n A  simple\tpage </title><meta name=description content=about>";
    let wanted = Page {
        title: "A simple page".to_owned(),
        description: Some("about".to_owned()),
        site: "news.example".to_owned(),
        picture: None,
    };
    assert_eq!(page(html), Some(wanted));
}

#[test]
fn a_page_without_a_title_has_no_preview() {
    let html = [
        "",
        "<title></title>",
        "<title> \u{200B} </title>",
        "<p>text</p>",
        "<meta property=og:title content=' '>",
        "<head></head><title>after the head</title>",
        "<body><title>in the body</title>",
        "<!-- <title>comment</title> -->",
        "<script>'<title>script</title>'</script>",
    ];
    for html in html {
        assert_eq!(page(html), None, "{html}");
    }
}

#[test]
fn texts_are_text() {
    let html = "<title>&lt;script&gt;alert(1)&lt;/script&gt; <b>bold</b></title>";
    let wanted = "<script>alert(1)</script> <b>bold</b>";
    assert_eq!(title(html).as_deref(), Some(wanted));
    let turned = "<title>a\u{202E}b\u{2066}c\u{0000}d\u{0007}e\u{FEFF}f</title>";
    assert_eq!(title(turned).as_deref(), Some("abcd ef"));
    let family = "<title>👨‍👩‍👧 가족</title>";
    assert_eq!(title(family).as_deref(), Some("👨‍👩‍👧 가족"));
}

#[test]
fn long_texts_are_cut_between_letters() {
    let letter = "각\u{0301}";
    let html = format!("<title>{}</title>", letter.repeat(500));
    let wanted = format!("{}…", letter.repeat(150));
    assert_eq!(title(&html), Some(wanted));
}

#[test]
fn a_letter_with_endless_marks_is_cut() {
    let marks = "\u{0301}".repeat(100_000);
    let wanted = Some("an…".to_owned());
    assert_eq!(title(&format!("<title>an o{marks}</title>")), wanted);
    let family = "👨‍👩‍👧‍👦".repeat(60);
    assert_eq!(title(&format!("<title>{family}</title>")), Some(family));
}

#[test]
fn the_first_of_repeated_tags_counts() {
    let html = "<title>first</title><title>second</title><meta property=og:image content=https://a.example/1.png><meta property=og:image content=https://a.example/2.png>";
    let page = page(html).unwrap();
    assert_eq!(page.title, "first");
    assert_eq!(page.picture.unwrap().as_str(), "https://a.example/1.png");
}

#[test]
fn a_picture_that_may_not_be_fetched_is_passed_over() {
    let bad = [
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "ftp://a.example/1.png",
        "https://user:secret@a.example/1.png",
        "https://a.example:8080/1.png",
        "http://[",
    ];
    for link in bad {
        let tags = "<meta name=twitter:image content=https://a.example/good.png>";
        let html = format!("<title>t</title><meta property=og:image content='{link}'>{tags}");
        let picture = page(&html).unwrap().picture.unwrap();
        assert_eq!(picture.as_str(), "https://a.example/good.png", "{link}");
    }
}

/// A page in an encoding, with its title declared in different ways.
fn encoded(encoding: &'static Encoding, head: &str, title: &str) -> Vec<u8> {
    let html = format!("<html><head>{head}<title>{title}</title></head>");
    let (bytes, _, lossy) = encoding.encode(&html);
    assert!(!lossy, "{title} in {}", encoding.name());
    bytes.into_owned()
}

const TITLES: [(&Encoding, &str); 7] = [
    (UTF_8, "소식: 오늘의 뉴스 — 今日"),
    (EUC_KR, "한국은행, 기준금리 동결 결정"),
    (SHIFT_JIS, "東京都の天気予報とニュース"),
    (EUC_JP, "京都の紅葉が見ごろを迎える"),
    (GB18030, "北京今天的天气预报与新闻"),
    (BIG5, "臺北今天的天氣預報與新聞"),
    (WINDOWS_1252, "Café à la crème – Zürich"),
];

#[test]
fn every_charset_is_read_as_its_header_says() {
    for (encoding, title) in TITLES {
        let bytes = encoded(encoding, "", title);
        let page = parse(&bytes, Some(encoding.name()), &address()).unwrap();
        assert_eq!(page.title, title, "{}", encoding.name());
    }
}

#[test]
fn every_charset_is_read_as_the_page_says() {
    for (encoding, title) in TITLES {
        let name = encoding.name();
        let declarations = [
            format!("<meta charset={name}>"),
            format!("<META CHARSET = '{}' />", name.to_lowercase()),
            format!("<meta http-equiv=\"Content-Type\" content=\"text/html; charset={name}\">"),
        ];
        for declaration in declarations {
            let bytes = encoded(encoding, &declaration, title);
            let page = parse(&bytes, None, &address()).unwrap();
            assert_eq!(page.title, title, "{declaration}");
        }
    }
}

#[test]
fn a_charset_that_nobody_declares_is_guessed() {
    for (encoding, title) in [TITLES[0], TITLES[1], TITLES[2]] {
        let page = parse(&encoded(encoding, "", title), None, &address()).unwrap();
        assert_eq!(page.title, title, "{}", encoding.name());
    }
}

#[test]
fn the_old_korean_name_of_the_charset_is_known() {
    let bytes = encoded(EUC_KR, "<meta charset=ks_c_5601-1987>", "똠방각하");
    assert!(parse(&bytes, None, &address()).is_some());
    // These syllables are in the extension of EUC-KR that browsers read.
    let (bytes, _, _) = EUC_KR.encode("<meta charset=euc-kr><title>똠방각하 펲시콜라</title>");
    assert_eq!(
        parse(&bytes, None, &address()).unwrap().title,
        "똠방각하 펲시콜라"
    );
}

#[test]
fn a_byte_order_mark_beats_the_header() {
    let bytes = [b"\xEF\xBB\xBF".to_vec(), encoded(UTF_8, "", "소식")].concat();
    assert_eq!(
        parse(&bytes, Some("euc-kr"), &address()).unwrap().title,
        "소식"
    );
    let wide: Vec<u8> = "\u{FEFF}<title>소식</title>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(parse(&wide, None, &address()).unwrap().title, "소식");
}

#[test]
fn real_pages_have_previews() {
    for path in common::real_files("pages") {
        let bytes = std::fs::read(&path).unwrap();
        let page = parse(&bytes, None, &address());
        let page = page.unwrap_or_else(|| panic!("{}", path.display()));
        assert!(page.title.len() > 5, "{}: {page:?}", path.display());
        assert!(page.description.is_some(), "{}: {page:?}", path.display());
        let drawn = !path.ends_with("the-register.html"); // has no picture of its own
        assert_eq!(
            page.picture.is_some(),
            drawn,
            "{}: {page:?}",
            path.display()
        );
    }
}

/// Pieces of pages, well formed and not.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("<meta property=og:title content=\"".to_owned()),
        Just("<title>".to_owned()),
        Just("</title>".to_owned()),
        Just("<script>".to_owned()),
        Just("<!--".to_owned()),
        Just("<meta charset=\"euc-kr\">".to_owned()),
        Just("&#x202E;&amp;&#0;".to_owned()),
        Just("</head>".to_owned()),
        ".{0,12}",
    ]
}

proptest! {
    #[test]
    fn any_page_is_one_clean_line_or_nothing(pieces in prop::collection::vec(piece(), 0..24)) {
        if let Some(page) = page(&pieces.concat()) {
            let texts = [Some(page.title), page.description, Some(page.site)];
            for text in texts.into_iter().flatten() {
                prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
                prop_assert!(!text.contains('\u{202E}'), "{:?}", text);
            }
        }
    }

    #[test]
    fn any_bytes_in_any_charset_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), charset in 0_usize..TITLES.len()) {
        let (encoding, _) = TITLES[charset];
        let _ = parse(&[b"<title>".to_vec(), bytes].concat(), Some(encoding.name()), &address());
    }
}
