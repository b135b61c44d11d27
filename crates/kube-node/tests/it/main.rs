//! The public contract of kube-node.

#[cfg(test)]
mod nodes;
