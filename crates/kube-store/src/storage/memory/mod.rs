//! The engine without a journal.
