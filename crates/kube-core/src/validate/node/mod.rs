//! The kinds of the group `node.k8s.io`.

use super::{Kind, warn};
use crate::kinds::node::v1::RuntimeClass;

impl Kind for RuntimeClass {
    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_runtime_class(self)
    }
}
