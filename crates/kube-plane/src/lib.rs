//! Compose a control plane: one builder over all the crates.
