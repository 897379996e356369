-- Ids carry the bucket of their owner in their lowest 8 bits, and a node number has 8 bits.
--
-- A store with ids of the layout before is refused before this file is applied, since the two cannot be told apart. So
-- there are no people here yet, and no id: the numbers that were leased bound nothing. The note of this file in
-- `migrations` marks a store of the new layout.

DROP TABLE nodes;
CREATE TABLE nodes (
    node       INTEGER NOT NULL PRIMARY KEY CHECK (node BETWEEN 0 AND 255),
    epoch      INTEGER NOT NULL,
    holder     TEXT NOT NULL,
    held       INTEGER NOT NULL CHECK (held IN (0, 1)),
    held_until INTEGER NOT NULL,
    ids_until  INTEGER NOT NULL
) STRICT;
