//! The API over HTTP: one file for each concern. They are one executable, which takes 14 s of a core to compile and link.
//! One for each file took 85 s together.

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
