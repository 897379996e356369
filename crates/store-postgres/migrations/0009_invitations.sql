-- Invitations to sign up, and suggestions of people.

-- In the bucket of the inviter. The secret of an invitation is stored as its SHA-256. An expired invitation is removed
-- when its inviter makes another.
CREATE TABLE invitations (
    bucket     smallint NOT NULL,
    id         bigint NOT NULL,
    inviter    bigint NOT NULL,
    secret     bytea NOT NULL CHECK (octet_length(secret) = 32),
    uses_max   bigint NOT NULL CHECK (uses_max > 0),
    uses       bigint NOT NULL DEFAULT 0 CHECK (uses BETWEEN 0 AND uses_max),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (id, bucket)
);
CREATE INDEX invitations_of ON invitations (inviter, id);

-- People whom a person does not want to be suggested.
CREATE TABLE put_aside (
    bucket smallint NOT NULL,
    person bigint NOT NULL,
    other  bigint NOT NULL,
    since  bigint NOT NULL,
    PRIMARY KEY (person, other, bucket)
);
CREATE INDEX put_aside_by_time ON put_aside (person, since);

-- Finds the people with the most followers. Only a follow changes it.
CREATE INDEX person_counts_followed ON person_counts (followers, person) WHERE followers > 0;

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS invitations_bucket (dependencies) ON inviter, bucket FROM invitations;
CREATE STATISTICS put_aside_bucket (dependencies) ON person, bucket FROM put_aside;
