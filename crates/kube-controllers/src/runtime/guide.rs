//! For those who know kube-rs or controller-runtime.
#![doc = include_str!("../../docs/coming-from.md")]
