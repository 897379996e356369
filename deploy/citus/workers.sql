-- Makes a Citus cluster of an empty database, before the first node of Sosik starts. The node then creates the schema and
-- distributes it: `docs/guide/cluster.md#citus`. Run it once on the coordinator, as a superuser, in the database of Sosik:
--   psql "$ADMIN_URL" -v ON_ERROR_STOP=1 -f deploy/citus/workers.sql
-- Before that: `shared_preload_libraries = 'citus'` and `wal_level = 'logical'` on every server, and the same database and
-- user on every worker, with `CREATE EXTENSION citus` in the database.

CREATE EXTENSION IF NOT EXISTS citus;
SELECT citus_set_coordinator_host('coordinator.internal');

-- Each server that keeps shards. Shards are created on the servers that are listed when the first node starts.
SELECT citus_add_node('worker1.internal', 5432);
SELECT citus_add_node('worker2.internal', 5432);

-- Connections to a worker that a session of the coordinator keeps, for statements over several shards. The workers need a
-- `max_connections` of this many for each session that runs such statements: 20 for each node of Sosik.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET citus.max_cached_conns_per_worker = 16', current_database());
END
$$;
