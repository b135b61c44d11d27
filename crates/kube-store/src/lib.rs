//! Durable objects with revisions: storage engines, API semantics, informers.
