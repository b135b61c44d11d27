//! The MVCC core that every embedded engine shares.
