//! The public contract of kube-core.
