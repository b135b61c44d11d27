//! The examples run, and show what they promise.

#[cfg(test)]
mod drain_rollout;
#[cfg(test)]
mod game_servers;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod scheduling;
#[cfg(test)]
mod toy_backend;
