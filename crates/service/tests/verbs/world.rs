//! A service on a real store, and people who signed up.

use std::sync::Arc;
use std::time::Duration;

use sosik_decorators::{Faults, Hook, hooked_store};
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_feed::limits::BLOCKERS_HELD_MAX;
use sosik_feed::people::Language;
use sosik_feed::{Audience, PersonId, RuleBroken, StoryId, Timestamp};
use sosik_service::accounts::{SignUpRequest, Viewer};
use sosik_service::stories::PostRequest;
use sosik_service::{Clock, Parts, Service, ServiceError, ServiceResult, Settings};
use sosik_store::{NewPerson, Operations, Store};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

use crate::clock::TestClock;

/// The password of every person, until they change it.
pub const PASSWORD: &str = "river-7-lantern";

/// A state that is not reached within this time counts as never reached.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// A service that starts empty.
pub struct World {
    pub service: Service,
    pub operations: Arc<dyn Operations>,
    pub clock: Arc<TestClock>,
}

/// A person who signed up.
#[derive(Clone)]
pub struct Person {
    pub id: PersonId,
    pub handle: String,
    pub token: String,
    pub viewer: Viewer,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(change, |store| store).await
    }

    /// A world, and the faults of its store.
    pub async fn with_faults() -> (Self, Arc<Faults>) {
        let faults = Arc::new(Faults::default());
        let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
        let world = Self::start(|_| {}, |store| hooked_store(store, &hook)).await;
        (world, faults)
    }

    async fn start(
        change: impl FnOnce(&mut Settings),
        wrap: impl FnOnce(Arc<SqliteStore>) -> Arc<dyn Store>,
    ) -> Self {
        let mut settings = Settings::default();
        // The cheapest parameters of Argon2: its cost is not under test.
        settings.passwords.memory_kib = 8;
        settings.passwords.passes = 1;
        // A clock that is advanced makes every wait long.
        settings.delivery.backlog_wait_max = Duration::from_secs(100 * 86_400);
        change(&mut settings);
        let clock = Arc::new(TestClock::default());
        let store = SqliteStore::open(&SqliteOptions {
            now: clock.now(),
            ..SqliteOptions::temporary()
        })
        .unwrap();
        let operations = Arc::<SqliteStore>::clone(&store);
        let options = MemoryOptions {
            timeline_stories: settings.feed.timeline_stories,
            ..MemoryOptions::default()
        };
        let parts = Parts {
            store: wrap(store),
            shared: None,
            engines: Engines::memory(options, 1),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            settings,
        };
        Self {
            service: Service::start(parts).await.unwrap(),
            operations,
            clock,
        }
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        self.service.store()
    }

    pub async fn person(&self, handle: &str) -> Person {
        self.named(handle, handle).await
    }

    pub async fn named(&self, handle: &str, name: &str) -> Person {
        let logged_in = self
            .service
            .accounts()
            .sign_up(SignUpRequest {
                display_name: name.to_owned(),
                ..sign_up_request(handle)
            })
            .await
            .unwrap();
        let token = logged_in.token.as_str().to_owned();
        let viewer = self
            .service
            .sessions()
            .viewer(&token)
            .await
            .unwrap()
            .unwrap();
        Person {
            id: viewer.id,
            handle: handle.to_owned(),
            token,
            viewer,
        }
    }

    pub async fn people<const N: usize>(&self, handles: [&str; N]) -> [Person; N] {
        let mut people = Vec::new();
        for handle in handles {
            people.push(self.person(handle).await);
        }
        people
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many as were asked for"))
    }

    pub async fn befriend(&self, one: &Person, other: &Person) {
        self.send_friend_request(one, other).await;
        self.accept_friend_request(other, one).await;
    }

    pub async fn post(&self, author: &Person, audience: Audience, text: &str) -> StoryId {
        let request = PostRequest {
            text: text.to_owned(),
            attachments: Vec::new(),
            audience,
            idempotency_key: None,
        };
        self.service
            .stories()
            .post(author.id, request)
            .await
            .unwrap()
            .story
            .record
            .id
    }

    /// People who are more than a circle lists of those who blocked its reader.
    pub async fn blockers(&self) -> Vec<PersonId> {
        let people = (1..=u64::from(BLOCKERS_HELD_MAX) + 1).map(|number| NewPerson {
            id: PersonId::from_u64(number),
            handle: format!("blocker{number}"),
            skeleton: format!("skeleton{number}"),
            display_name: "Blocker".to_owned(),
            language: Language::En,
            password_hash: String::new(),
            search_terms: vec!["blocker".to_owned()],
            created_at: Timestamp::default(),
        });
        let people: Vec<_> = people.collect();
        let ids = people.iter().map(|person| person.id).collect();
        self.operations.sign_up_many(people).await.unwrap();
        ids
    }

    /// Makes all of them block a person whose circle is not cached yet.
    pub async fn all_block(&self, blockers: &[PersonId], person: &Person) {
        let (limits, now) = (Settings::default().relations, self.clock.now());
        for blocker in blockers {
            let blocked = self.store().block(*blocker, person.id, limits, now);
            blocked.await.unwrap();
        }
    }

    /// Whether the token still opens a session.
    pub async fn opens(&self, token: &str) -> bool {
        self.service
            .sessions()
            .viewer(token)
            .await
            .unwrap()
            .is_some()
    }

    /// Waits for a state.
    pub async fn eventually(&self, what: &str, mut state: impl AsyncFnMut() -> bool) {
        let mut tick = tokio::time::interval(Duration::from_millis(2));
        let wait = async {
            while !state().await {
                tick.tick().await;
            }
        };
        assert!(
            tokio::time::timeout(TIMEOUT, wait).await.is_ok(),
            "timed out waiting until {what}"
        );
    }
}

/// The acts of the first person towards the second, which must succeed.
macro_rules! acts {
    ($($act:ident,)*) => {
        impl World {
            $(pub async fn $act(&self, one: &Person, other: &Person) {
                let relations = self.service.relations();
                relations.$act(one.id, other.id).await.unwrap();
            })*
        }
    };
}

acts! {
    send_friend_request,
    accept_friend_request,
    remove_friend_request,
    unfriend,
    follow,
    unfollow,
    block,
    unblock,
    mute,
    unmute,
}

/// A valid sign-up.
pub fn sign_up_request(handle: &str) -> SignUpRequest {
    SignUpRequest {
        handle: handle.to_owned(),
        display_name: handle.to_owned(),
        password: PASSWORD.to_owned(),
        language: None,
        client: "test".to_owned(),
    }
}

/// Whether the result is a success; `false` for "not found".
pub fn there<T>(answer: &ServiceResult<T>) -> bool {
    match answer {
        Ok(_) => true,
        Err(ServiceError::NotFound(_)) => false,
        Err(other) => panic!("neither there nor not: {other}"),
    }
}

pub fn missing<T>(answer: ServiceResult<T>) -> &'static str {
    match answer {
        Err(ServiceError::NotFound(what)) => what,
        Err(other) => panic!("not missing: {other}"),
        Ok(_) => panic!("it is there"),
    }
}

pub fn broken<T>(answer: ServiceResult<T>) -> RuleBroken {
    match answer {
        Err(ServiceError::RuleBroken(rule)) => rule,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no rule was broken"),
    }
}
