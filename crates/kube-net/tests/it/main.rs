//! The public contract of kube-net.

mod parity_endpointslice;
mod prop_slices;
