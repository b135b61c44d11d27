//! What holds for any name, and how names follow changes.

use super::{service, slice, slices, table, zone};
use kube_core::resource::ResourceExt;
use kube_net::dns::{Code, Data, RecordType, SearchPath, Zone};
use kube_net::{EndpointTable, ServiceResolver};
use proptest::prelude::{prop, proptest};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn short_names_are_found_by_the_search_path() {
    let (zone, path) = (zone(), SearchPath::of_pod("prod", "cluster.local"));
    let found = |name: &str| {
        path.ask(&zone, name, RecordType::A)
            .map(|(name, answer, asked)| (name, answer.answers[0].data.to_string(), asked))
    };
    for (name, full, ip, asked) in [
        ("web", "web.prod.svc.cluster.local.", "10.96.0.10", 1),
        ("web.test", "web.test.svc.cluster.local.", "10.96.1.10", 2),
        ("web.test.svc", "web.test.svc.cluster.local.", "10.96.1.10", 3),
        ("web.test.svc.cluster.local", "web.test.svc.cluster.local.", "10.96.1.10", 4),
        ("web.test.svc.cluster.local.", "web.test.svc.cluster.local.", "10.96.1.10", 1),
        ("db-0.db", "db-0.db.prod.svc.cluster.local.", "10.0.1.1", 1),
        ("db-0.db.prod.svc.cluster.local", "db-0.db.prod.svc.cluster.local.", "10.0.1.1", 1),
    ] {
        assert_eq!(found(name), Some((full.to_owned(), ip.to_owned(), asked)), "{name}");
    }
    assert_eq!(found("www.example.com"), None);
    assert_eq!(path.candidates("www.example.com").count(), 4);
    assert_eq!(path.candidates("a.b.c.d.e.f").next().as_deref(), Some("a.b.c.d.e.f."));
    assert_eq!(path.candidates("").count() + path.candidates(".").count(), 0);
}

#[test]
fn names_follow_changes_at_once() {
    let mut table = EndpointTable::new();
    let resolver = ServiceResolver::from(table.clone());
    let zone = Zone::new(&resolver);
    let ask = |name: &str, kind| {
        let answer = zone.answer(name, kind);
        (answer.code, answer.answers.iter().map(|record| record.data.to_string()).collect::<Vec<_>>())
    };
    let ptr = || ask("1.1.0.10.in-addr.arpa", RecordType::Ptr);
    assert_eq!(ptr(), (Code::NxDomain, vec![]));
    for slice in slices() {
        table.upsert_slice(&Arc::new(slice));
    }
    table.upsert_service(&Arc::new(service(
        "prod/db",
        &json!({"clusterIP": "None", "ports": [{"name": "pg", "port": 1}]}),
    )));
    resolver.publish(&table);
    assert_eq!(ptr(), (Code::NoError, vec!["db-0.db.prod.svc.cluster.local.".to_owned()]));
    assert_eq!(ask("prod.svc.cluster.local", RecordType::A), (Code::NoError, vec![]));
    let serial = |answer: kube_net::dns::Answer| match answer.authority[0].data {
        Data::Soa { serial, .. } => serial,
        _ => panic!("the zone's beginning"),
    };
    let before = serial(zone.answer("x.cluster.local", RecordType::A));

    table.upsert_slice(&Arc::new(slice("db", &[("pg", 5432)], &[("10.0.1.1", "db-9", true)])));
    resolver.publish(&table);
    assert_eq!(ptr().1, ["db-9.db.prod.svc.cluster.local."]);
    assert!(serial(zone.answer("x.cluster.local", RecordType::A)) > before);

    // The same name with an address of its own: the endpoints have no names any more.
    table.upsert_service(&Arc::new(service(
        "prod/db",
        &json!({"clusterIP": "10.96.0.9", "ports": [{"port": 1}]}),
    )));
    resolver.publish(&table);
    assert_eq!(ptr(), (Code::NxDomain, vec![]));
    assert_eq!(ask("9.0.96.10.in-addr.arpa", RecordType::Ptr).1, ["db.prod.svc.cluster.local."]);
    table.remove_service(&"prod/db".into());
    resolver.publish(&table);
    assert_eq!(ask("prod.svc.cluster.local", RecordType::A).0, Code::NxDomain);
}

proptest! {
    #[test]
    fn any_name_gets_an_answer_that_is_about_it(
        labels in prop::collection::vec(
            prop::sample::select(vec![
                "web", "db", "db-0", "prod", "test", "svc", "cluster", "local", "_tcp", "_http", "_pg", "arpa",
                "in-addr", "10", "0", "", "é", "\u{0}", "dns-version",
            ]),
            0..9,
        ),
        tail in prop::sample::select(vec!["", ".", ".cluster.local.", ".svc.cluster.local"]),
        number in prop::sample::select(vec![1_u16, 2, 5, 6, 12, 16, 28, 33, 99, 255]),
    ) {
        let name = format!("{}{tail}", labels.join("."));
        let (zone, kind) = (zone(), RecordType::from(number));
        let answer = zone.answer(&name, kind);
        let aliased: BTreeSet<&str> = answer.answers.iter().filter_map(|record| match &record.data {
            Data::Cname(target) => Some(&**target),
            _ => None,
        }).collect();
        let own = format!("{}.", name.strip_suffix('.').unwrap_or(&name).to_ascii_lowercase());
        for record in &answer.answers {
            prop_assert!(*record.name == own || aliased.contains(&*record.name));
            let fits = kind == RecordType::Any || record.data.kind() == kind;
            prop_assert!(fits || matches!(record.data, Data::Cname(_)));
        }
        prop_assert_eq!(answer.code == Code::NoError && answer.answers.is_empty(),
            answer.code == Code::NoError && !answer.authority.is_empty() && aliased.is_empty());
        // Case and the last dot say nothing.
        let shouted = zone.answer(&name.to_ascii_uppercase(), kind);
        prop_assert_eq!(shouted, answer);
    }

    #[test]
    fn a_table_led_there_by_changes_answers_as_a_fresh_one(order in prop::collection::vec(0..9_usize, 1..30)) {
        let (mut led, all) = (table(), slices());
        let mut there: BTreeSet<usize> = (0..all.len()).collect();
        for at in order {
            if there.remove(&at) {
                led.remove_slice(&all[at].key());
            } else {
                there.insert(at);
                led.upsert_slice(&Arc::new(all[at].clone()));
            }
        }
        let left: Vec<_> = there.iter().map(|at| all[*at].clone()).collect();
        let fresh = EndpointTable::from_slices(&super::services(), &left);
        let zones = [led, fresh].map(|table| Zone::new(&ServiceResolver::from(table)));
        for third in 0..7_u8 {
            for last in 1..5_u8 {
                let name = format!("{last}.{third}.0.10.in-addr.arpa");
                let [one, other] = [0, 1].map(|at| zones[at].answer(&name, RecordType::Ptr).to_string());
                prop_assert_eq!(one, other);
            }
        }
    }
}
