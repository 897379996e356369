-- Leases on the caches of nodes, and the log of the changes that outdate them. A distributed database has these tables
-- on the server that the nodes connect to: a horizon is a snapshot of one server.

CREATE TABLE cache_leases (
    peer     bigint NOT NULL PRIMARY KEY,
    renewals bigint NOT NULL,
    -- Milliseconds.
    hold     bigint NOT NULL,
    -- The member must be the only one.
    alone    boolean NOT NULL,
    -- The member has applied every change of a transaction below this one.
    seen     xid8 NOT NULL
);

-- Kind: 1 story, 2 person, 3 circle that shrank, 4 circle that grew, 5 session that ended, 6 own likes, 7 own read
-- position, 8 everything. `xid` is the transaction of the write: changes are read by what a snapshot contains, because
-- transactions commit in another order than they begin.
CREATE TABLE changes (
    xid     xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind    smallint NOT NULL CHECK (kind BETWEEN 1 AND 8),
    subject bigint NOT NULL,
    detail  bigint NOT NULL,
    token   bytea NOT NULL
);
CREATE INDEX changes_by_transaction ON changes (xid);
