//! Runnable examples. Each is a module here, so that a test can run it, and a short binary beside it.

pub mod custom_plugin;
pub mod drain_rollout;
pub mod game_servers;
pub mod quickstart;
pub mod scale;
pub mod screen;
pub mod tables;
pub mod toy_backend;
#[cfg(feature = "etcd")]
pub mod two_planes;
pub mod why_pending;
