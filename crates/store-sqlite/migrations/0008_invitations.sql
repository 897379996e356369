-- Invitations to sign up, and suggestions of people.

-- The secret of an invitation is stored as its SHA-256. An expired invitation is removed when its inviter makes another.
CREATE TABLE invitations (
    id         INTEGER NOT NULL PRIMARY KEY,
    inviter    INTEGER NOT NULL REFERENCES people (id),
    secret     BLOB NOT NULL CHECK (length(secret) = 32),
    uses_max   INTEGER NOT NULL CHECK (uses_max > 0),
    uses       INTEGER NOT NULL DEFAULT 0 CHECK (uses BETWEEN 0 AND uses_max),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invitations_of ON invitations (inviter, id);

-- People whom a person does not want to be suggested.
CREATE TABLE put_aside (
    person INTEGER NOT NULL REFERENCES people (id),
    other  INTEGER NOT NULL REFERENCES people (id),
    since  INTEGER NOT NULL,
    PRIMARY KEY (person, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX put_aside_by_time ON put_aside (person, since);

-- Finds the people with the most followers.
CREATE INDEX person_counts_followed ON person_counts (followers, person) WHERE followers > 0;
