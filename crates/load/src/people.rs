//! The people on whose behalf requests are sent: from a file, of a demo, or signed up for the run.

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Answer, Client, RequestOptions};

/// Concurrent log-ins. Each costs the server a password hash, so more would only wait.
const LOG_INS_AT_ONCE: usize = 4;

/// Friends on a page of a search for people.
const PAGE: usize = 100;

/// Friends of each signed-up person on either side.
const NEIGHBOURS: usize = 5;

/// The password of signed-up people. It protects nothing.
pub const SIGNED_UP_PASSWORD: &str = "a-heron-in-the-reeds";

/// A person with a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Their handle, without the `@`.
    pub handle: String,
    /// Their id.
    pub id: String,
    /// The password, if it is known, to log in again.
    pub password: Option<String>,
    /// The session token.
    pub token: String,
    /// Number of friends and followers, who see what they post.
    pub readers: u64,
}

/// A line of a file of people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The handle, without the `@`.
    pub handle: String,
    /// The password. Not needed with a token.
    pub password: Option<String>,
    /// The token of an existing session.
    pub token: Option<String>,
}

/// Why the people cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A line of the file is invalid.
    #[error("line {line} of the people")]
    Line {
        /// Counted from 1.
        line: usize,
        /// The error in it.
        source: serde_json::Error,
    },
    /// The person has neither a password nor a token.
    #[error("{0} has neither a password nor a token")]
    NoSecret(String),
    /// The server rejected a request.
    #[error("{what} was answered with {status}: {detail}")]
    Refused {
        /// The request.
        what: String,
        /// The status.
        status: u16,
        /// The server's explanation.
        detail: String,
    },
    /// The server did not answer.
    #[error("no answer")]
    Silent(#[from] reqwest::Error),
}

/// Reads a file of people: JSON, one object a line.
///
/// # Errors
/// A line is not a person.
pub fn parse(text: &str) -> Result<Vec<Written>, AccountError> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(place, line)| {
            serde_json::from_str(line).map_err(|source| AccountError::Line {
                line: place + 1,
                source,
            })
        })
        .collect()
}

/// Logs in everybody without a token, and reads the id and the number of readers of each.
///
/// # Errors
/// A person cannot log in.
pub async fn log_in(client: &Client, people: Vec<Written>) -> Result<Vec<Account>, AccountError> {
    stream::iter(people)
        .map(|person| authenticate(client, person))
        .buffered(LOG_INS_AT_ONCE)
        .try_collect()
        .await
}

async fn authenticate(client: &Client, person: Written) -> Result<Account, AccountError> {
    let token = match (person.token, &person.password) {
        (Some(token), _) => token,
        (None, Some(password)) => token_of(client, &person.handle, password).await?,
        (None, None) => return Err(AccountError::NoSecret(person.handle)),
    };
    let path = format!("/v1/people/{}", person.handle);
    let profile = get(client, &token, &path).await?;
    let count = |name| profile["counts"][name].as_u64().unwrap_or_default();
    Ok(Account {
        id: text(&profile, "/id"),
        readers: count("friends") + count("followers"),
        handle: person.handle,
        password: person.password,
        token,
    })
}

async fn token_of(client: &Client, handle: &str, password: &str) -> Result<String, AccountError> {
    let body = json!({ "handle": handle, "password": password });
    let options = RequestOptions {
        body: Some(body),
        ..RequestOptions::default()
    };
    let answer = client.send(Method::POST, "/v1/sessions", options).await?;
    Ok(text(&served("logging in", &answer)?, "/token"))
}

/// Finds up to `many` people who share a password, as in a demo: a first person, their friends, and the friends of
/// these.
///
/// # Errors
/// The first person cannot log in.
pub async fn find_friends(
    client: &Client,
    handle: &str,
    password: &str,
    many: usize,
) -> Result<Vec<Written>, AccountError> {
    let mut found = vec![handle.to_owned()];
    let mut asked = 0;
    while found.len() < many && asked < found.len() {
        let token = token_of(client, &found[asked], password).await?;
        asked += 1;
        let path = format!("/v1/friends?limit={PAGE}");
        let page = get(client, &token, &path).await?;
        let friends = page["items"].as_array().into_iter().flatten();
        for friend in friends.filter_map(|friend| friend["handle"].as_str()) {
            if found.len() < many && !found.iter().any(|known| known == friend) {
                found.push(friend.to_owned());
            }
        }
    }
    let person = |handle| Written {
        handle,
        password: Some(password.to_owned()),
        token: None,
    };
    Ok(found.into_iter().map(person).collect())
}

/// Signs people up, or logs them in if they exist, and makes each a friend of the next few.
///
/// # Errors
/// The server rejects a request, for example because too many sign up from one address.
pub async fn sign_up(
    client: &Client,
    name: &str,
    many: usize,
) -> Result<Vec<Account>, AccountError> {
    let people = sign_up_strangers(client, name, many).await?;
    for (place, one) in people.iter().enumerate() {
        for next in 1..=NEIGHBOURS.min(many.saturating_sub(1)) {
            befriend(client, one, &people[(place + next) % many]).await?;
        }
    }
    let readers = (2 * NEIGHBOURS).min(many.saturating_sub(1)) as u64;
    let with_readers = |person| Account { readers, ..person };
    Ok(people.into_iter().map(with_readers).collect())
}

/// Signs people up, or logs them in if they exist. They have no friends.
///
/// # Errors
/// The server rejects a request, for example because too many sign up from one address.
pub async fn sign_up_strangers(
    client: &Client,
    name: &str,
    many: usize,
) -> Result<Vec<Account>, AccountError> {
    stream::iter(0..many)
        .map(|place| sign_up_one(client, format!("{name}{place}")))
        .buffered(LOG_INS_AT_ONCE)
        .try_collect()
        .await
}

async fn sign_up_one(client: &Client, handle: String) -> Result<Account, AccountError> {
    let body = json!({ "handle": handle, "display_name": handle, "password": SIGNED_UP_PASSWORD });
    let options = RequestOptions {
        body: Some(body),
        ..RequestOptions::default()
    };
    let password = Some(SIGNED_UP_PASSWORD.to_owned());
    let answer = client.send(Method::POST, "/v1/people", options).await?;
    if answer.status == 409 || answer.status == 422 {
        let token = None;
        let person = Written {
            handle,
            password,
            token,
        };
        return authenticate(client, person).await;
    }
    let answer = served("signing up", &answer)?;
    Ok(Account {
        handle,
        id: text(&answer, "/person/id"),
        password,
        token: text(&answer, "/token"),
        readers: 0,
    })
}

/// Makes two people friends: each sends a request to the other.
///
/// # Errors
/// The server rejects a request.
pub async fn befriend(client: &Client, one: &Account, other: &Account) -> Result<(), AccountError> {
    for (from, to) in [(one, other), (other, one)] {
        let path = format!("/v1/friend-requests/{}", to.id);
        let options = RequestOptions {
            token: &from.token,
            ..RequestOptions::default()
        };
        let answer = client.send(Method::PUT, &path, options).await?;
        // They are friends already, from an earlier run.
        if answer.status != 409 {
            served("asking to be friends", &answer)?;
        }
    }
    Ok(())
}

async fn get(client: &Client, token: &str, path: &str) -> Result<Value, AccountError> {
    let options = RequestOptions {
        token,
        ..RequestOptions::default()
    };
    let answer = client.send(Method::GET, path, options).await?;
    served(path, &answer)
}

fn served(what: &str, answer: &Answer) -> Result<Value, AccountError> {
    if answer.is_served() {
        return Ok(answer.json());
    }
    Err(AccountError::Refused {
        what: what.to_owned(),
        status: answer.status,
        detail: text(&answer.json(), "/title"),
    })
}

fn text(json: &Value, pointer: &str) -> String {
    let text = json.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_people_may_have_passwords_or_tokens_and_nothing_unknown() {
        let people = parse(
            "{\"handle\":\"mina\",\"password\":\"p\"}\n\n{\"handle\":\"jun\",\"token\":\"t\"}\n",
        )
        .unwrap();
        assert_eq!(people.len(), 2);
        assert_eq!(people[1].token.as_deref(), Some("t"));
        let wrong = parse("{\"handle\":\"mina\",\"pass\":\"p\"}").unwrap_err();
        assert!(matches!(wrong, AccountError::Line { line: 1, .. }));
    }
}
