//! Which node, and why not: the scheduler as a library.
