//! The tree that the pages make up: its leaves hang together from the first to the last.

use super::pages::{Kind, Pages, Piece};
use super::wire::{bytes, count, number};
use super::{Place, Row, Source};
use crate::storage::StorageResult;
use crate::storage::mvcc::record::{Reader, corrupt};
use std::collections::BTreeMap;

/// The page that names the roots of the trees.
const META: u64 = 0;
/// The tree that is used.
const TREE: &[u8] = b"__sled__default";

/// All rows, in order.
pub(super) fn rows(source: &Source, pages: &Pages) -> StorageResult<Vec<Row>> {
    let mut node = Node::load(source, pages, root(source, pages)?)?;
    let mut left = pages.len();
    while let Data::Index(children) = &node.data {
        left = left.checked_sub(1).ok_or_else(endless)?;
        let first = children.first().ok_or_else(|| corrupt("sled: an index of nothing"))?;
        node = Node::load(source, pages, *first)?;
    }
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let Data::Leaf(leaf) = node.data else { return Err(corrupt("sled: an index among the leaves")) };
        for (suffix, value) in leaf {
            let key = [&node.prefix[..], &suffix].concat();
            if rows.last().is_some_and(|last| last.key >= key) {
                return Err(corrupt("sled: leaves out of order"));
            }
            rows.push(Row { key, value });
        }
        if node.next == 0 {
            return Ok(rows);
        }
        left = left.checked_sub(1).ok_or_else(endless)?;
        node = Node::load(source, pages, node.next)?;
    }
}

fn endless() -> crate::storage::StorageError {
    corrupt("sled: more leaves than pages")
}

/// The page where the tree begins.
fn root(source: &Source, pages: &Pages) -> StorageResult<u64> {
    let Some([Piece { kind: Kind::Whole, place, .. }]) = pages.of(META) else {
        return Err(corrupt("sled: no page names the trees"));
    };
    let meta = source.bytes(*place)?;
    let mut from = Reader::new(&meta);
    while !from.is_empty() {
        let (name, root) = (bytes(&mut from)?, number(&mut from)?);
        if name == TREE {
            return Ok(root);
        }
    }
    Err(corrupt("sled: there is no tree"))
}

/// A page of the tree.
#[derive(Debug)]
struct Node {
    /// The page to the right, 0 for none.
    next: u64,
    /// What all keys begin with, and none repeats.
    prefix: Vec<u8>,
    data: Data,
    /// A child that is being merged into its neighbour.
    merging: u64,
}

#[derive(Debug)]
enum Data {
    Index(Vec<u64>),
    Leaf(BTreeMap<Vec<u8>, Place>),
}

impl Node {
    fn load(source: &Source, pages: &Pages, page: u64) -> StorageResult<Self> {
        let pieces = pages.of(page).unwrap_or_default();
        let Some((whole, links)) = pieces.split_first().filter(|(whole, _)| whole.kind == Kind::Whole) else {
            return Err(corrupt(format!("sled: page {page} is missing")));
        };
        let mut node = Self::read(&source.bytes(whole.place)?, whole.place.offset)?;
        for link in links {
            node.link(&source.bytes(link.place)?, link.place.offset)?;
        }
        Ok(node)
    }

    /// The page in `all`, which lie at `offset`.
    fn read(all: &[u8], offset: u64) -> StorageResult<Self> {
        let mut from = Reader::new(all);
        let (next, merging) = (number(&mut from)?, number(&mut from)?);
        let (_merged, prefix) = (from.byte()?, usize::from(from.byte()?));
        let (low, _high) = (bytes(&mut from)?, bytes(&mut from)?);
        let prefix = low.get(..prefix).ok_or_else(|| corrupt("sled: a prefix without bytes"))?.to_vec();
        let (kind, len) = (from.byte()?, count(&mut from)?);
        let keys = (0..len).map(|_| bytes(&mut from)).collect::<StorageResult<Vec<_>>>()?;
        let data = match kind {
            0 => {
                let values = (0..len).map(|_| value(&mut from, all.len(), offset));
                let values = values.collect::<StorageResult<Vec<_>>>()?;
                Data::Leaf(keys.into_iter().map(<[u8]>::to_vec).zip(values).collect())
            }
            1 => Data::Index((0..len).map(|_| number(&mut from)).collect::<StorageResult<_>>()?),
            _ => return Err(corrupt(format!("sled: a page of kind {kind}"))),
        };
        Ok(Self { next, prefix, data, merging })
    }

    /// Makes the change in `all`, which lie at `offset`.
    fn link(&mut self, all: &[u8], offset: u64) -> StorageResult<()> {
        let mut from = Reader::new(all);
        match (from.byte()?, &mut self.data) {
            (0, Data::Leaf(leaf)) => {
                let key = bytes(&mut from)?.to_vec();
                leaf.insert(key, value(&mut from, all.len(), offset)?);
            }
            (1, Data::Leaf(leaf)) => drop(leaf.remove(bytes(&mut from)?)),
            (2, Data::Index(_)) => self.merging = number(&mut from)?,
            (3, Data::Index(children)) => {
                children.retain(|child| *child != self.merging);
                self.merging = 0;
            }
            // The page is merged into its neighbour: as long as it hangs there, it counts.
            (4, _) => {}
            (kind, _) => return Err(corrupt(format!("sled: a change of kind {kind}"))),
        }
        Ok(())
    }
}

/// Where the next byte string lies, of `all` bytes that lie at `offset`.
fn value(from: &mut Reader<'_>, all: usize, offset: u64) -> StorageResult<Place> {
    let len = bytes(from)?.len();
    Ok(Place { offset: offset + (all - from.rest().len() - len) as u64, len })
}
