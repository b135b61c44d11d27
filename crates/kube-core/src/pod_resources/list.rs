//! Lists of quantities by resource name.

use super::shared_name;
use crate::quantity::Quantity;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// Quantities by resource name: a small sorted map. Reads `null` as empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceList(Vec<(Arc<str>, Quantity)>);

impl ResourceList {
    /// No resource.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        // a handful of names: a scan beats a binary search
        let place = self.0.iter().position(|(other, _)| &**other >= name).unwrap_or(self.0.len());
        match self.0.get(place) {
            Some((other, _)) if &**other == name => Ok(place),
            _ => Err(place),
        }
    }

    /// The quantity of `name`.
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.position(name).ok().map(|place| self.0[place].1)
    }

    /// Whether `name` is listed, if only with 0.
    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Sets the quantity of `name` and returns the one before.
    pub fn insert(&mut self, name: &str, quantity: Quantity) -> Option<Quantity> {
        match self.position(name) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, quantity)),
            Err(place) => {
                self.0.insert(place, (shared_name(name), quantity));
                None
            }
        }
    }

    /// Takes `name` off the list.
    pub fn remove(&mut self, name: &str) -> Option<Quantity> {
        self.position(name).ok().map(|place| self.0.remove(place).1)
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many resources are listed.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Names and quantities, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, Quantity)> {
        self.0.iter().map(|(name, quantity)| (name, *quantity))
    }

    /// Changes every quantity in place.
    pub fn for_each_mut(&mut self, mut change: impl FnMut(&str, &mut Quantity)) {
        self.0.iter_mut().for_each(|(name, quantity)| change(name, quantity));
    }

    /// Joins the quantity `new` of `name` to the listed one.
    fn merge(&mut self, name: &Arc<str>, new: Quantity, join: impl FnOnce(Quantity, Quantity) -> Quantity) {
        match self.position(name) {
            Ok(place) => self.0[place].1 = join(self.0[place].1, new),
            Err(place) => self.0.insert(place, (name.clone(), new)),
        }
    }

    /// Adds `other`, resource by resource.
    pub fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(name, new)| self.merge(name, *new, |old, new| old + new));
    }

    /// Raises each quantity to that of `other`, if that is more.
    pub fn raise_to(&mut self, other: &Self) {
        other
            .0
            .iter()
            .for_each(|(name, new)| self.merge(name, *new, |old, new| if new > old { new } else { old }));
    }

    /// Takes over what `other` lists and this does not.
    pub fn fill_from(&mut self, other: &Self) {
        other.0.iter().for_each(|(name, new)| self.merge(name, *new, |old, _| old));
    }

    /// Rounds every quantity up to thousandths, as API defaulting does to every resource list.
    ///
    /// Source: `SetDefaults_ResourceList`.
    pub fn round_up_milli(&mut self) {
        self.for_each_mut(|_, quantity| *quantity = quantity.round_up_milli().0);
    }
}

/// A later quantity of the same name replaces an earlier one.
impl<N: AsRef<str>> FromIterator<(N, Quantity)> for ResourceList {
    fn from_iter<I: IntoIterator<Item = (N, Quantity)>>(entries: I) -> Self {
        let mut list = Self::new();
        for (name, quantity) in entries {
            list.insert(name.as_ref(), quantity);
        }
        list
    }
}

impl Serialize for ResourceList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, quantity) in &self.0 {
            map.serialize_entry(&**name, quantity)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ResourceList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = ResourceList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("quantities by resource name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ResourceList, A::Error> {
        let mut list = ResourceList(Vec::with_capacity(map.size_hint().unwrap_or(0).min(16)));
        while let Some(name) = map.next_key_seed(Name)? {
            let quantity = map.next_value()?;
            match list.position(&name) {
                Ok(place) => list.0[place].1 = quantity,
                Err(place) => list.0.insert(place, (name, quantity)),
            }
        }
        Ok(list)
    }

    fn visit_unit<E: Error>(self) -> Result<ResourceList, E> {
        Ok(ResourceList::new())
    }
}

/// Reads a name without a copy in between.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Arc<str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Arc<str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Arc<str>, E> {
        Ok(shared_name(name))
    }
}

/// Requests and limits, of a container or of a pod as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// What is set aside.
    #[serde(skip_serializing_if = "ResourceList::is_empty")]
    pub requests: ResourceList,
    /// What may be used at most.
    #[serde(skip_serializing_if = "ResourceList::is_empty")]
    pub limits: ResourceList,
}

impl Resources {
    /// Whether neither requests nor limits are listed.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.limits.is_empty()
    }

    /// Rounds every quantity up to thousandths.
    pub fn round_up_milli(&mut self) {
        self.requests.round_up_milli();
        self.limits.round_up_milli();
    }
}
