-- The search terms of people are made by the executable. When another version makes other terms, the terms of everybody
-- are replaced when the store opens, in steps: up to the person `filled` they are of this version.
CREATE TABLE search_index (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    filled  INTEGER NOT NULL
) STRICT;
INSERT INTO search_index VALUES (1, 0, 0);
