//! What a plugin is: extension points, verdicts, what a plugin may read.

mod event;
mod node_ref;
mod normalize;
mod plugin;
mod pod_info;
mod points;
mod reads;
mod verdict;

pub use event::{ClusterEvent, EventSet, Hint};
pub use node_ref::{Core, NodeRef, Nodes};
pub use normalize::{MAX_NODE_SCORE, Normalize, default_normalize};
pub use plugin::{
    Bind, BindContext, Bound, EnqueueHints, Filter, Permission, Permit, Plugin, PostBind, PostFilter,
    PostFiltered, PreBind, PreEnqueue, PreFilter, PreFiltered, PreScore, QueueSort, Remedy, Reserve, Score,
    SortKey,
};
pub use pod_info::{Amounts, HostPort, NonZero, PodInfo, Protocol, Signature};
pub use points::Points;
pub use reads::Reads;
pub use verdict::{PluginError, Reason, Reasons, Verdict};

pub(crate) use points::{AnyFilter, AnyScore, BoundFilter, Prepared};
pub(crate) use verdict::guarded;
