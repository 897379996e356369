//! The store in PostgreSQL or Citus.
