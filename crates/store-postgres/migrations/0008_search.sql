-- The search terms of people are made by the executable. When another version makes other terms, the terms of everybody
-- are replaced when a node starts, in steps: up to the person `filled` they are of this version. A distributed database
-- has this table on the server that the nodes connect to.
CREATE TABLE search_index (
    id      bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    version bigint NOT NULL,
    filled  bigint NOT NULL
);
INSERT INTO search_index VALUES (1, 0, 0);

-- The terms of some people in a range.
CREATE INDEX search_terms_by_person ON search_terms (person, term);
