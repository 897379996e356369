-- Relations between people. A row is one relation of one person; a friendship has two rows.

CREATE TABLE friendships (
    person INTEGER NOT NULL REFERENCES people (id),
    friend INTEGER NOT NULL REFERENCES people (id),
    since  INTEGER NOT NULL,
    PRIMARY KEY (person, friend),
    CHECK (person <> friend)
) STRICT, WITHOUT ROWID;
CREATE INDEX friendships_newest ON friendships (person, since, friend);

CREATE TABLE friend_requests (
    asker        INTEGER NOT NULL REFERENCES people (id),
    asked        INTEGER NOT NULL REFERENCES people (id),
    since        INTEGER NOT NULL,
    notification INTEGER NOT NULL,
    PRIMARY KEY (asker, asked),
    CHECK (asker <> asked)
) STRICT, WITHOUT ROWID;
CREATE INDEX friend_requests_outgoing ON friend_requests (asker, since, asked);
CREATE INDEX friend_requests_incoming ON friend_requests (asked, since, asker);

CREATE TABLE follows (
    follower INTEGER NOT NULL REFERENCES people (id),
    followee INTEGER NOT NULL REFERENCES people (id),
    since    INTEGER NOT NULL,
    PRIMARY KEY (follower, followee),
    CHECK (follower <> followee)
) STRICT, WITHOUT ROWID;
CREATE INDEX follows_newest ON follows (follower, since, followee);
-- Deliveries scan the followers by id. The list of followers is sorted by time, newest first.
CREATE INDEX followers_by_id ON follows (followee, follower);
CREATE INDEX followers_newest ON follows (followee, since, follower);

CREATE TABLE blocks (
    blocker INTEGER NOT NULL REFERENCES people (id),
    blocked INTEGER NOT NULL REFERENCES people (id),
    since   INTEGER NOT NULL,
    PRIMARY KEY (blocker, blocked),
    CHECK (blocker <> blocked)
) STRICT, WITHOUT ROWID;
CREATE INDEX blocks_newest ON blocks (blocker, since, blocked);
CREATE INDEX blocks_against ON blocks (blocked, blocker);

CREATE TABLE mutes (
    muter INTEGER NOT NULL REFERENCES people (id),
    muted INTEGER NOT NULL REFERENCES people (id),
    since INTEGER NOT NULL,
    PRIMARY KEY (muter, muted),
    CHECK (muter <> muted)
) STRICT, WITHOUT ROWID;
CREATE INDEX mutes_newest ON mutes (muter, since, muted);
