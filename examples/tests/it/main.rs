//! The examples run, and show what they promise.

#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod scheduling;
