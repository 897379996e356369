//! Timelines and rate limits in Redis.
