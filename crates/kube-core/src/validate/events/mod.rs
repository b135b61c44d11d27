//! The kinds of the group `events.k8s.io`.

use super::Kind;
use crate::kinds::events::v1::Event;

impl Kind for Event {
    const AS_IT_IS: bool = true;
}
