//! The public contract of kube-net.

mod parity_endpointslice;
mod prop_index;
mod prop_slices;
