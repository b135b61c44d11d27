//! Which messages make up which page.

use super::Place;
use std::collections::BTreeMap;

/// A message about a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) page: u64,
    /// Where it stands in the log.
    pub(super) at: i64,
    /// Where its content lies in the file.
    pub(super) place: Place,
}

/// What a message says of its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of it.
    Whole,
    /// One change more.
    Link,
    /// It is no more.
    Free,
    /// Something in a file of its own, which is not read here.
    Elsewhere,
}

/// The pages: of each the newest whole, and the changes since.
#[derive(Debug, Default)]
pub(super) struct Pages(BTreeMap<u64, Vec<Piece>>);

impl Pages {
    /// Takes in the next message of the log.
    pub(super) fn apply(&mut self, piece: Piece) {
        match piece.kind {
            Kind::Whole | Kind::Elsewhere => drop(self.0.insert(piece.page, vec![piece])),
            Kind::Free => drop(self.0.remove(&piece.page)),
            Kind::Link => {
                // A change without its page is older than the page, which was written again elsewhere since.
                if let Some(pieces) = self.0.get_mut(&piece.page)
                    && pieces.last().is_some_and(|last| last.at < piece.at)
                {
                    pieces.push(piece);
                }
            }
        }
    }

    /// What makes up `page`.
    pub(super) fn of(&self, page: u64) -> Option<&[Piece]> {
        self.0.get(&page).map(Vec::as_slice)
    }

    /// How many pages there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
