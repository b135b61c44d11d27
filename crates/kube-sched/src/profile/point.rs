//! Extension points by name.

use crate::framework::Points;

/// An extension point of the framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// [`PreEnqueue`](crate::framework::PreEnqueue).
    PreEnqueue,
    /// [`QueueSort`](crate::framework::QueueSort).
    QueueSort,
    /// [`Filter`](crate::framework::Filter) and [`PreFilter`](crate::framework::PreFilter).
    Filter,
    /// [`PostFilter`](crate::framework::PostFilter).
    PostFilter,
    /// [`Score`](crate::framework::Score) and [`PreScore`](crate::framework::PreScore).
    Score,
    /// [`Reserve`](crate::framework::Reserve).
    Reserve,
    /// [`Permit`](crate::framework::Permit).
    Permit,
    /// [`PreBind`](crate::framework::PreBind).
    PreBind,
    /// [`Bind`](crate::framework::Bind).
    Bind,
    /// [`PostBind`](crate::framework::PostBind).
    PostBind,
}

impl Point {
    /// Every point, in the order in which a pod passes them.
    pub const ALL: [Self; 10] = [
        Self::PreEnqueue,
        Self::QueueSort,
        Self::Filter,
        Self::PostFilter,
        Self::Score,
        Self::Reserve,
        Self::Permit,
        Self::PreBind,
        Self::Bind,
        Self::PostBind,
    ];

    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreEnqueue => "preEnqueue",
            Self::QueueSort => "queueSort",
            Self::Filter => "filter",
            Self::PostFilter => "postFilter",
            Self::Score => "score",
            Self::Reserve => "reserve",
            Self::Permit => "permit",
            Self::PreBind => "preBind",
            Self::Bind => "bind",
            Self::PostBind => "postBind",
        }
    }

    /// The point of this name; `preFilter` and `preScore` go with `filter` and `score`.
    pub fn named(name: &str) -> Option<Self> {
        let name = match name {
            "preFilter" => "filter",
            "preScore" => "score",
            other => other,
        };
        Self::ALL.into_iter().find(|point| point.name() == name)
    }

    /// Whether a plugin takes part in it.
    pub(crate) fn is_in(self, points: &Points) -> bool {
        match self {
            Self::PreEnqueue => points.pre_enqueue.is_some(),
            Self::QueueSort => points.queue_sort.is_some(),
            Self::Filter => points.filter.is_some(),
            Self::PostFilter => points.post_filter.is_some(),
            Self::Score => points.score.is_some(),
            Self::Reserve => points.reserve.is_some(),
            Self::Permit => points.permit.is_some(),
            Self::PreBind => points.pre_bind.is_some(),
            Self::Bind => points.bind.is_some(),
            Self::PostBind => points.post_bind.is_some(),
        }
    }
}
