//! The public contract of kube-plane: what a whole control plane does, and what bad input gets.

#[cfg(test)]
mod allocation;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod parity_create_update;
#[cfg(test)]
mod users;
