-- How far a member has applied the log of changes: every change of a transaction below this one. It may be later than
-- `seen`, while copies outside of the store cannot be dropped. A log that grows too long is cut there. Kind 10 of the log
-- records that it was cut.

ALTER TABLE cache_leases ADD COLUMN applied xid8 NOT NULL DEFAULT '0'::xid8;
