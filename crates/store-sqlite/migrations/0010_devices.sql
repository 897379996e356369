-- Devices that logged in to an account before, by the SHA-256 of their token. A guesser elsewhere cannot use up the log-in
-- attempts of such a device.
CREATE TABLE devices (
    person  INTEGER NOT NULL REFERENCES people (id),
    device  BLOB NOT NULL CHECK (length(device) = 32),
    used_at INTEGER NOT NULL,
    PRIMARY KEY (person, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_use ON devices (person, used_at);
