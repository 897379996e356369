//! Web sites of the town, to which its people link, so that a demo shows link previews without a network.
//! They are served inside this process, to the fetcher of previews only. Their names end with `.example`, which no name
//! server knows. All other names are resolved and connected to as usual.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sosik_pictures::{Picture, Subject};
use sosik_service::media::preview::{
    AddressPolicy, Connect, Connection, Fetcher, PublicAddress, Resolve, Settings, SystemResolver,
    TcpConnector,
};
use sosik_town::Town;
use tokio::io::duplex;

/// The address of all sites of the town. It is in a part of global unicast that is not assigned to anybody.
const ADDRESS: IpAddr = IpAddr::V6(Ipv6Addr::new(0x3000, 0, 0, 0, 0, 0, 0, 0x50d));

/// Bytes that a connection buffers in each direction.
const BUFFER_BYTES: usize = 64 * 1024;

/// The path of the picture of each site.
const PICTURE: &str = "/picture.jpg";

/// A page to which somebody links in a story.
pub(super) struct Site {
    host: &'static str,
    /// The path of the page.
    path: &'static str,
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Subject and seed of its picture.
    picture: (Subject, u64),
    /// A friend of this host links to the page.
    friend_of: &'static str,
    /// The text of the story, without the link.
    text: &'static str,
}

/// The pages, in the order in which stories link to them.
pub(super) const SITES: [Site; 4] = [
    Site {
        host: "starlight-library.example",
        path: "/saturday-nights",
        name: "별빛도서관",
        title: "토요일 밤의 도서관",
        description: "이번 달부터 토요일에는 자정까지 불을 켜 둡니다. 따뜻한 차는 무료, 담요는 선착순입니다.",
        picture: (Subject::Cat, 6),
        friend_of: "mina",
        text: "도서관이 토요일마다 자정까지 문을 연대요. 같이 갈 사람?",
    },
    Site {
        host: "harbour-radio.example",
        path: "/requests",
        name: "Harbour Radio 98.7",
        title: "Friday is request night",
        description: "Send a song and the story behind it. We play them all, from sunset until the last ferry.",
        picture: (Subject::Sea, 4),
        friend_of: "oliver",
        text: "Request night is back. I already sent mine, no peeking.",
    },
    Site {
        host: "tsubame-ramen.example",
        path: "/winter",
        name: "麺処つばめ",
        title: "冬の味噌ラーメン、はじめました",
        description: "三日かけて炊いたスープに、焦がし味噌とバターを少し。一日三十杯までです。",
        picture: (Subject::Food, 1),
        friend_of: "haruka",
        text: "つばめの冬限定、今日からだって! 誰か一緒に行きませんか。",
    },
    Site {
        host: "sodam-daily.example",
        path: "/lights",
        name: "소담일보",
        title: "강변 등불 축제, 올해는 사흘 동안",
        description: "등불 이천 개가 강을 따라 켜집니다. 다리 위 도로는 저녁 여섯 시부터 보행자에게 열립니다.",
        picture: (Subject::City, 1),
        friend_of: "mina",
        text: "올해 등불 축제 일정이 나왔네요. 작년엔 다리 위에서 봤는데 최고였어요.",
    },
];

impl Site {
    pub(super) const fn host(&self) -> &'static str {
        self.host
    }

    /// The text of the story that links to this page.
    pub(super) fn story(&self) -> String {
        format!("{}\nhttp://{}{}", self.text, self.host, self.path)
    }

    /// A friend of the host who writes the language of the host. `None` in a town where the host has no such friend.
    pub(super) fn author(&self, town: &Town) -> Option<u32> {
        let people = town.people();
        let is_host = |person: &u32| people[*person as usize].handle.as_str() == self.friend_of;
        let host = town.hosts().find(is_host)?;
        let language = |person: u32| people[person as usize].language;
        let mut friends = town.friends_of(host).iter().copied();
        friends.find(|friend| !town.hosts().contains(friend) && language(*friend) == language(host))
    }

    fn page(&self) -> String {
        let Self {
            host,
            name,
            title,
            description,
            ..
        } = self;
        format!(
            r#"<!doctype html><meta charset="utf-8"><title>{title}</title>
<meta property="og:site_name" content="{name}"><meta property="og:title" content="{title}">
<meta property="og:description" content="{description}"><meta property="og:image" content="http://{host}{PICTURE}">"#
        )
    }

    async fn answer(&'static self, path: &str) -> Option<(&'static str, Bytes)> {
        match path {
            PICTURE => Some(("image/jpeg", self.picture().await?)),
            _ if path == self.path => Some(("text/html; charset=utf-8", self.page().into())),
            _ => None,
        }
    }

    async fn picture(&self) -> Option<Bytes> {
        let (subject, seed) = self.picture;
        let drawn = tokio::task::spawn_blocking(move || Picture::new(subject, seed).draw());
        Some(drawn.await.ok()?.ok()?.into())
    }
}

/// A fetcher of previews that also reaches the web sites of the town.
#[must_use]
pub fn fetcher() -> Fetcher {
    let fetcher = Fetcher::new(AddressPolicy::default(), Settings::default());
    fetcher.through(
        Arc::new(TownNames(SystemResolver::default())),
        Arc::new(TownNetwork),
    )
}

struct TownNames(SystemResolver);

#[async_trait]
impl Resolve for TownNames {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match site(name) {
            Some(_) => Ok(vec![ADDRESS]),
            None => self.0.resolve(name).await,
        }
    }
}

struct TownNetwork;

#[async_trait]
impl Connect for TownNetwork {
    async fn connect(&self, address: PublicAddress) -> io::Result<Connection> {
        if address.get().ip() != ADDRESS {
            return TcpConnector.connect(address).await;
        }
        let (client, server) = duplex(BUFFER_BYTES);
        let served =
            http1::Builder::new().serve_connection(TokioIo::new(server), service_fn(serve));
        // It ends with the connection. A client that goes away is no error here.
        tokio::spawn(served);
        Ok(Box::new(client))
    }
}

async fn serve(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let host = request.headers().get(HOST);
    let answer = match host.and_then(|host| site(host.to_str().ok()?)) {
        Some(site) => site.answer(request.uri().path()).await,
        None => None,
    };
    let is_found = answer.is_some();
    let (kind, body) = answer.unwrap_or(("text/plain", Bytes::new()));
    let mut response = Response::new(Full::new(body));
    if !is_found {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

fn site(name: &str) -> Option<&'static Site> {
    SITES.iter().find(|site| site.host == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_site_has_a_preview_with_a_picture() {
        for site in &SITES {
            let link = format!("http://{}{}", site.host, site.path);
            let preview = fetcher().preview(&link).await.unwrap();
            assert_eq!(preview.page.title, site.title);
            assert_eq!(preview.page.description.as_deref(), Some(site.description));
            assert_eq!(preview.page.site, site.name);
            assert!(preview.picture.is_some(), "{link}");
            let missing = fetcher().preview(&format!("{link}/missing")).await;
            assert!(missing.is_err(), "{missing:?}");
        }
    }

    #[test]
    fn every_site_has_a_friend_of_a_host_who_links_to_it() {
        let town = Town::generate(1, 2_000);
        for site in &SITES {
            assert!(site.author(&town).is_some(), "{}", site.host);
        }
    }
}
