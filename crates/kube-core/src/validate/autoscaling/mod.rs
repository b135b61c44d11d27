//! The kinds of the group `autoscaling`.

use super::Kind;
use crate::kinds::autoscaling::v2::HorizontalPodAutoscaler;

impl Kind for HorizontalPodAutoscaler {}
