//! The API over HTTP: one file for each concern. They are one executable, because linking each of them takes longer than
//! running it.

mod accounts;
mod avatars;
mod clock;
mod comments;
mod connections;
mod deletion;
mod errors;
mod feed;
mod front;
mod health;
mod hidden_rows;
mod invitations;
mod limits;
mod media;
mod media_faults;
mod openapi;
mod other_person;
mod previews;
mod privacy;
mod privacy_settings;
mod relations;
mod rights;
mod saved;
mod shown;
mod stories;
mod strangers;
mod stream;
mod suggestions;
mod unread;
mod uploads;
mod videos;
