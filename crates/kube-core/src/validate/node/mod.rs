//! The kinds of the group `node.k8s.io`.

use super::Kind;
use crate::kinds::node::v1::RuntimeClass;

impl Kind for RuntimeClass {}
