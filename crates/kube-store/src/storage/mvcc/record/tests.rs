//! Everything that is encoded is decoded again, and what was changed is noticed.

use super::{Codec, Entry, frame, unframe};
use crate::storage::mvcc::{Horizon, Record};
use crate::storage::{Event, Key, KeyValue, Revision, StorageError, TtlId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::{prop_assert, prop_assert_eq, prop_assume, prop_oneof, proptest, sample};
use std::sync::Arc;
use std::time::Duration;

fn key() -> impl Strategy<Value = Key> {
    "(/registry/core/secrets/)?.{0,12}".prop_map(Key::from)
}

fn revision() -> impl Strategy<Value = Revision> {
    prop_oneof![0..300_u64, any::<u64>()].prop_map(Revision::new)
}

fn value() -> impl Strategy<Value = Arc<KeyValue>> {
    let numbers = (revision(), revision(), any::<u64>(), option::of((0..u64::MAX).prop_map(TtlId)));
    (key(), vec(any::<u8>(), 0..300), numbers).prop_map(|(key, value, numbers)| {
        let (create_revision, mod_revision, version, ttl) = numbers;
        Arc::new(KeyValue { key, value: value.into(), create_revision, mod_revision, version, ttl })
    })
}

fn lease() -> impl Strategy<Value = (TtlId, Duration)> {
    (any::<u64>(), any::<u64>(), 0..1_000_000_000_u32)
        .prop_map(|(id, seconds, nanos)| (TtlId(id), Duration::new(seconds, nanos)))
}

fn entry() -> impl Strategy<Value = Entry> {
    let put = value().prop_map(|kv| Event::Put { kv, previous: None });
    let delete = key().prop_map(|key| Event::Delete { key, previous: None });
    let write = (revision(), vec(prop_oneof![put, delete], 0..5))
        .prop_map(|(revision, events)| Record::Write { revision, events: events.into() });
    let horizon = (revision(), revision(), any::<u64>()).prop_map(|(compacted, used, incarnation)| Horizon {
        compacted,
        used,
        incarnation,
    });
    let reset = (horizon, vec(lease(), 0..4), vec(value(), 0..4)).prop_map(|(horizon, leases, rows)| {
        Record::Reset { horizon, leases: leases.into(), rows: rows.into() }
    });
    prop_oneof![
        write.prop_map(Entry::Record),
        reset.prop_map(Entry::Record),
        lease().prop_map(|(id, length)| Entry::Record(Record::Granted { id, length })),
        any::<u64>().prop_map(|id| Entry::Record(Record::Ended { id: TtlId(id) })),
        value().prop_map(Entry::Row),
        (key(), revision()).prop_map(|(key, revision)| Entry::Gone { key, revision }),
        any::<u64>().prop_map(|id| Entry::Forgotten { id: TtlId(id) }),
    ]
}

fn encoded(codec: &Codec, entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        codec.encode(entry, &mut bytes);
    }
    bytes
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(entries in vec(entry(), 0..6)) {
        let codec = Codec::default();
        let decoded = codec.decode(&encoded(&codec, &entries)).unwrap();
        prop_assert_eq!(format!("{decoded:?}"), format!("{entries:?}"));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200)) {
        let codec = Codec::default();
        if let Ok(entries) = codec.decode(&bytes) {
            // One thing has one form.
            prop_assert_eq!(encoded(&codec, &entries), bytes.clone());
        }
        drop(unframe(&bytes));
    }

    #[test]
    fn a_cut_entry_is_noticed(entry in entry(), cut in any::<sample::Index>()) {
        let bytes = encoded(&Codec::default(), &[entry]);
        let cut = cut.index(bytes.len());
        prop_assume!(cut > 0);
        let error = Codec::default().decode(&bytes[..cut]).unwrap_err();
        let is_corrupt = matches!(error, StorageError::Corrupt { .. });
        prop_assert!(is_corrupt, "{error}");
    }

    #[test]
    fn a_changed_frame_is_noticed(
        payload in vec(any::<u8>(), 0..200),
        at in any::<sample::Index>(),
        bit in 0..8,
    ) {
        let whole = frame(&payload);
        let (found, rest) = unframe(&whole).unwrap();
        prop_assert_eq!((found, rest), (&payload[..], &[][..]));
        let mut changed = whole.clone();
        changed[at.index(whole.len())] ^= 1_u8 << bit;
        prop_assert!(unframe(&changed).is_err());
        prop_assert!(unframe(&whole[..at.index(whole.len())]).is_err());
    }
}

#[test]
fn a_frame_of_a_newer_version_says_so() {
    let mut newer = frame(b"payload");
    newer[0] = 2;
    let error = unframe(&newer).unwrap_err().to_string();
    assert!(error.contains("version 2"), "{error}");
}

/// The layout is what is on disks: this changes with a new version only.
#[test]
fn the_layout_stays() {
    let kv = KeyValue {
        key: "/a".into(),
        value: "v".into(),
        create_revision: Revision::new(1),
        mod_revision: Revision::new(300),
        version: 2,
        ttl: Some(TtlId(0)),
    };
    let bytes = encoded(&Codec::default(), &[Entry::Row(Arc::new(kv))]);
    assert_eq!(bytes, [4, 2, b'/', b'a', 1, 0xac, 2, 2, 1, 0, 1, b'v']);
    assert_eq!(frame(&bytes)[..6], [1, 0xa9, 0x40, 0x99, 0xb6, 12]);
}
