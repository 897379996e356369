//! The cast comments, deletes comments, and reads them all.

use rand::RngExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::act::TRIES_MAX;
use super::player::{CastContext, Player};
use super::record::outcome;
use crate::check::{Act, CommentShown, Comments, Entry, Outcome};
use crate::client::RequestOptions;

/// Comments on a page: few, so that a story has several pages.
const PAGE: usize = 5;

/// Most pages of comments of one story.
const PAGES_MAX: usize = 200;

/// The number of newest stories whose comments everybody reads at the end.
const AT_THE_END: usize = 20;

impl Player {
    /// Comments on a story, sometimes twice under the same key, and then reads.
    pub(super) async fn comment(&mut self) {
        let Some(story) = self.some_story(|_| true) else {
            return;
        };
        let Some((comment, key)) = self.context.comment(self.place, story).await else {
            return;
        };
        self.context.remember_comment(comment, story, self.place);
        if self.chance.random_bool(0.3) {
            self.context.comment_once(self.place, &key, story).await;
        }
        self.context.comments_of(self.place, story).await;
    }

    /// Deletes one of the person's own comments.
    pub(super) async fn delete_comment(&mut self) {
        let place = self.place;
        let Some(comment) = self.some_comment(|author| author == place) else {
            return;
        };
        let path = format!("/v1/comments/{comment}");
        let act = Act::DeleteComment { comment };
        self.context
            .write(self.place, Method::DELETE, &path, None, act)
            .await;
    }

    /// Reads the comments of a random story on which a person matching `of` commented.
    pub(super) async fn read_comments(&mut self, of: impl Fn(usize) -> bool) {
        if let Some(story) = self.some_commented(of) {
            self.context.comments_of(self.place, story).await;
        }
    }

    /// Reads the comments of the newest stories.
    pub(super) async fn read_all_comments(&self) {
        for story in self.context.newest_stories(AT_THE_END) {
            self.context.comments_of(self.place, story).await;
        }
    }
}

impl CastContext {
    /// Comments under a key. Without an answer it repeats the request.
    async fn comment(&self, place: usize, story: u64) -> Option<(u64, String)> {
        let key = format!("{}-c{}", self.people[place].handle, self.recorder.number());
        for _ in 0..TRIES_MAX {
            let (outcome, comment) = self.comment_once(place, &key, story).await;
            if outcome != Outcome::Unknown {
                return Some((comment?, key));
            }
            self.pause().await;
        }
        None
    }

    /// One attempt of a comment.
    async fn comment_once(&self, place: usize, key: &str, story: u64) -> (Outcome, Option<u64>) {
        let begin = self.recorder.now();
        let options = RequestOptions {
            key: Some(key),
            body: Some(json!({ "text": key })),
            ..RequestOptions::default()
        };
        let path = format!("/v1/stories/{story}/comments");
        let answer = self.send(place, Method::POST, &path, options).await;
        let outcome = outcome(answer.as_ref());
        let comment = answer.and_then(|answer| answer.json()["id"].as_str()?.parse().ok());
        let comment = comment.filter(|_| outcome == Outcome::Acknowledged);
        let act = Act::Comment {
            comment,
            story,
            text: key.to_owned(),
            key: Some(key.to_owned()),
        };
        self.note_write(place, begin, outcome, act);
        (outcome, comment)
    }

    /// Reads all comments of a story and records them, or that the story does not exist.
    async fn comments_of(&self, place: usize, story: u64) {
        let begin = self.recorder.now();
        let (mut items, mut after, mut end) = (Vec::new(), String::new(), false);
        for page in 0..PAGES_MAX {
            let path = format!("/v1/stories/{story}/comments?limit={PAGE}{after}");
            let Some(answer) = self
                .send(place, Method::GET, &path, RequestOptions::default())
                .await
            else {
                return;
            };
            if page == 0 && matches!(answer.status, 200 | 404) {
                let found = answer.status == 200;
                self.note_opened(place, self.recorder.since(begin), story, found);
            }
            let body = answer.json();
            let Some(shown) = body["items"].as_array().filter(|_| answer.status == 200) else {
                return;
            };
            items.extend(shown.iter().filter_map(shown_comment));
            end = body["end"] == true;
            let Some(cursor) = body["after"].as_str().filter(|_| !end) else {
                break;
            };
            after = format!("&after={cursor}");
        }
        self.recorder.note(Entry::Comments(Comments {
            who: self.ids[place],
            span: self.recorder.since(begin),
            story,
            items,
            end,
        }));
    }
}

fn shown_comment(comment: &Value) -> Option<CommentShown> {
    let id = |pointer| comment.pointer(pointer)?.as_str()?.parse().ok();
    Some(CommentShown {
        comment: id("/id")?,
        author: id("/author/id")?,
        text: comment["text"].as_str()?.to_owned(),
    })
}
