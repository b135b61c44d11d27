//! The public contract of kube-net.

#[cfg(test)]
mod alloc;
#[cfg(test)]
mod balance;
#[cfg(test)]
mod dns;
#[cfg(test)]
mod mirror;
#[cfg(test)]
mod parity_endpointslice;
#[cfg(test)]
mod prop_index;
#[cfg(test)]
mod prop_slices;
#[cfg(test)]
mod resolve;
