//! What a plugin is: extension points, verdicts, what a plugin may read.

mod attached;
mod event;
mod node_block;
mod node_match;
mod node_ref;
mod node_set;
mod normalize;
mod plugin;
mod pod_info;
mod points;
mod reads;
mod verdict;
mod watch;

pub use event::{ClusterEvent, EventSet, Hint};
pub use node_block::NodeBlock;
pub use node_ref::{Core, NodeRef, Nodes};
pub use node_set::NodeSet;
pub use normalize::{MAX_NODE_SCORE, Normalize, default_normalize};
pub use plugin::{
    Bind, BindContext, Bound, EnqueueHints, Filter, Permission, Permit, Plugin, PostBind, PostFilter,
    PostFiltered, PreBind, PreEnqueue, PreFilter, PreFiltered, PreScore, QueueSort, Remedy, Reserve, Score,
    SortKey,
};
pub use pod_info::{
    AffinityTerm, AffinityTerms, Amounts, HostPort, NonZero, PodInfo, PodShape, Protocol, Signature,
    SpreadConstraint, SpreadConstraints,
};
pub use points::Points;
pub use reads::Reads;
pub use verdict::{PluginError, Reason, Reasons, Verdict};
pub use watch::Watch;

pub(crate) use attached::{AnyFilter, AnyScore, AttachedFilter, Prepared};
pub(crate) use normalize::percent;
pub(crate) use pod_info::group_of;
pub(crate) use verdict::{guarded, guarded_async};
