//! The log behind the cache.
