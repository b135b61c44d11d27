//! What an API object is: its kind, its key, its identity, its version.

mod builtin;
mod key;
mod kind_info;
mod kinds;
mod part;
#[cfg(test)]
mod tests;
mod traits;

pub use builtin::{builtin_kinds, find_builtin};
pub use key::{ObjectKey, ResourceVersion, Uid};
pub use kind_info::{GroupResource, GroupVersionKind, KindInfo, NameList, Scope};
pub use part::Part;
pub use traits::{Resource, ResourceExt, owner_reference};
