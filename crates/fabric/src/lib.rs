//! What nodes share while running: timelines, caches, rate limits, live wake-ups.
