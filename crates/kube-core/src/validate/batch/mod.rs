//! The kinds of the group `batch`.

use super::Kind;
use crate::kinds::batch::v1::{CronJob, Job};

impl Kind for Job {}
impl Kind for CronJob {}
