-- Relations between people. A row is one relation of one person, in the bucket of that person. What is asked from both
-- sides has a row on each: so everything that a person has to do with another one is in one bucket.

CREATE TABLE friendships (
    bucket smallint NOT NULL,
    person bigint NOT NULL,
    friend bigint NOT NULL,
    since  bigint NOT NULL,
    PRIMARY KEY (person, friend, bucket),
    CHECK (person <> friend)
);
CREATE INDEX friendships_newest ON friendships (person, since, friend);

-- In the bucket of the asker.
CREATE TABLE requests_sent (
    bucket       smallint NOT NULL,
    asker        bigint NOT NULL,
    asked        bigint NOT NULL,
    since        bigint NOT NULL,
    notification bigint NOT NULL,
    PRIMARY KEY (asker, asked, bucket),
    CHECK (asker <> asked)
);
CREATE INDEX requests_sent_newest ON requests_sent (asker, since, asked);

-- The same rows in the bucket of the person asked.
CREATE TABLE requests_received (
    bucket smallint NOT NULL,
    asked  bigint NOT NULL,
    asker  bigint NOT NULL,
    since  bigint NOT NULL,
    PRIMARY KEY (asked, asker, bucket),
    CHECK (asker <> asked)
);
CREATE INDEX requests_received_newest ON requests_received (asked, since, asker);

-- In the bucket of the follower.
CREATE TABLE follows (
    bucket   smallint NOT NULL,
    follower bigint NOT NULL,
    followee bigint NOT NULL,
    since    bigint NOT NULL,
    PRIMARY KEY (follower, followee, bucket),
    CHECK (follower <> followee)
);
CREATE INDEX follows_newest ON follows (follower, since, followee);

-- The same rows in the bucket of the followee. Deliveries scan the followers by id. The list of followers is sorted by
-- time, newest first.
CREATE TABLE followers (
    bucket   smallint NOT NULL,
    followee bigint NOT NULL,
    follower bigint NOT NULL,
    since    bigint NOT NULL,
    PRIMARY KEY (followee, follower, bucket),
    CHECK (follower <> followee)
);
CREATE INDEX followers_newest ON followers (followee, since, follower);

-- In the bucket of the blocker.
CREATE TABLE blocks (
    bucket  smallint NOT NULL,
    blocker bigint NOT NULL,
    blocked bigint NOT NULL,
    since   bigint NOT NULL,
    PRIMARY KEY (blocker, blocked, bucket),
    CHECK (blocker <> blocked)
);
CREATE INDEX blocks_newest ON blocks (blocker, since, blocked);

-- The same rows in the bucket of the person blocked.
CREATE TABLE blocked_by (
    bucket  smallint NOT NULL,
    blocked bigint NOT NULL,
    blocker bigint NOT NULL,
    PRIMARY KEY (blocked, blocker, bucket),
    CHECK (blocker <> blocked)
);

CREATE TABLE mutes (
    bucket smallint NOT NULL,
    muter  bigint NOT NULL,
    muted  bigint NOT NULL,
    since  bigint NOT NULL,
    PRIMARY KEY (muter, muted, bucket),
    CHECK (muter <> muted)
);
CREATE INDEX mutes_newest ON mutes (muter, since, muted);

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS friendships_bucket (dependencies) ON person, bucket FROM friendships;
CREATE STATISTICS requests_sent_bucket (dependencies) ON asker, bucket FROM requests_sent;
CREATE STATISTICS requests_received_bucket (dependencies) ON asked, bucket FROM requests_received;
CREATE STATISTICS follows_bucket (dependencies) ON follower, bucket FROM follows;
CREATE STATISTICS followers_bucket (dependencies) ON followee, bucket FROM followers;
CREATE STATISTICS blocks_bucket (dependencies) ON blocker, bucket FROM blocks;
CREATE STATISTICS blocked_by_bucket (dependencies) ON blocked, bucket FROM blocked_by;
CREATE STATISTICS mutes_bucket (dependencies) ON muter, bucket FROM mutes;
