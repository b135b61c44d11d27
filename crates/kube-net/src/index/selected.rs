//! Which selectors select one pod.

/// The numbers of the forms that select one pod, sorted. Nearly every pod has a few, which stand in place.
///
/// Where many forms select every pod, keeping them all would take the product of both: beyond [`MOST`] they are found
/// anew whenever they are asked for.
#[derive(Clone, Debug)]
pub(super) enum Selected {
    Few { len: u8, forms: [u32; 4] },
    More(Box<[u32]>),
    Unkept,
}

/// So many are kept.
pub(super) const MOST: usize = 32;

impl Default for Selected {
    fn default() -> Self {
        Self::Few { len: 0, forms: [0; 4] }
    }
}

impl Selected {
    pub(super) fn of(sorted: &[u32]) -> Self {
        let mut few = [0; 4];
        match (few.get_mut(..sorted.len()), u8::try_from(sorted.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(sorted);
                Self::Few { len, forms: few }
            }
            _ if sorted.len() <= MOST => Self::More(sorted.into()),
            _ => Self::Unkept,
        }
    }

    /// The forms; `None` where they are not kept.
    pub(super) fn kept(&self) -> Option<&[u32]> {
        match self {
            Self::Few { len, forms } => Some(&forms[..usize::from(*len)]),
            Self::More(forms) => Some(forms),
            Self::Unkept => None,
        }
    }

    pub(super) fn insert(&mut self, form: u32) {
        self.edit(|forms| {
            if let Err(at) = forms.binary_search(&form) {
                forms.insert(at, form);
            }
        });
    }

    pub(super) fn remove(&mut self, form: u32) {
        self.edit(|forms| {
            if let Ok(at) = forms.binary_search(&form) {
                forms.remove(at);
            }
        });
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Vec<u32>)) {
        if let Some(kept) = self.kept() {
            let mut forms = kept.to_vec();
            edit(&mut forms);
            *self = Self::of(&forms);
        }
    }
}
