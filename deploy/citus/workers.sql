-- Makes a Citus cluster of an empty database, before the first node of Sosik starts. The node then creates the schema and
-- distributes it: `docs/guide/cluster.md#citus`. Run it on the coordinator, as a superuser, once:
--   psql "$STORE_URL" -v ON_ERROR_STOP=1 -f deploy/citus/workers.sql
-- Before that, create the database and its user on every worker, with `CREATE EXTENSION citus` in the database.

CREATE EXTENSION IF NOT EXISTS citus;
SELECT citus_set_coordinator_host('coordinator.internal');

-- Each server that keeps shards. Shards are created on the servers that are listed when the first node starts.
SELECT citus_add_node('worker1.internal', 5432);
SELECT citus_add_node('worker2.internal', 5432);

-- Connections from the coordinator to a worker that a session keeps. With the default of 1, eight clients waited for each
-- other for 170 ms.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET citus.max_cached_conns_per_worker = 16', current_database());
END
$$;
