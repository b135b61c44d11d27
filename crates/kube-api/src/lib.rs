//! The HTTP face for kubectl and remote clients.
