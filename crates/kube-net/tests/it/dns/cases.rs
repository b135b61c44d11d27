//! Questions of the specification, one a line.

use super::zone;
use kube_net::dns::{Answer, Zone};
use std::fmt::Write;

const CASES: &str = include_str!("../../data/dns/cases.txt");

/// What the right side of a case means, as the text of an answer.
fn wanted(name: &str, expected: &str) -> String {
    let owner = format!("{}.", name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase());
    let domain = ["in-addr.arpa.", "ip6.arpa."].into_iter().find(|domain| owner.ends_with(domain));
    let domain = domain.unwrap_or("cluster.local.");
    let soa =
        format!("{domain} 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 0 7200 1800 86400 5");
    match expected {
        "NODATA" => return format!("NOERROR\nauthority: {soa}\n"),
        "NXDOMAIN" => return format!("NXDOMAIN\nauthority: {soa}\n"),
        "NXDOMAIN nobody's" => return "NXDOMAIN\n".to_owned(),
        _ => {}
    }
    let (mut code, mut text) = ("NOERROR", String::new());
    for part in expected.split("; ") {
        let (section, record) = part.strip_prefix("+ ").map_or(("", part), |record| ("additional: ", record));
        match record {
            "SOA" => writeln!(text, "{soa}").unwrap(),
            "authority SOA" => writeln!(text, "authority: {soa}").unwrap(),
            "code NXDOMAIN" => code = "NXDOMAIN",
            _ => {
                let (owner, record) = match record.strip_prefix('@').and_then(|record| record.split_once(' '))
                {
                    Some((ttl, record)) if ttl.starts_with("ttl=") => {
                        writeln!(text, "{section}{owner} {} IN {record}", &ttl[4..]).unwrap();
                        continue;
                    }
                    Some((other, record)) => (other, record),
                    None => (&*owner, record),
                };
                writeln!(text, "{section}{owner} 5 IN {record}").unwrap();
            }
        }
    }
    format!("{code}\n{text}")
}

fn ask(zone: &Zone, question: &str) -> Answer {
    let (name, kind) = question.split_once(' ').unwrap();
    zone.answer(name, kind.parse().unwrap())
}

#[test]
#[expect(clippy::print_stdout, reason = "how many cases there were")]
fn every_question_gets_its_answer() {
    let zone = zone();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in CASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (question, expected) = line.split_once(" -> ").unwrap();
        let answer = ask(&zone, question);
        let (name, _) = question.split_once(' ').unwrap();
        let wanted = wanted(name, expected);
        if answer.to_string() != wanted {
            wrong.push(format!("{question}\nwanted {wanted}got    {answer}"));
        }
        count += 1;
    }
    println!("dns/cases: {}/{count}", count - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 120);
}

#[test]
fn aliases_that_go_around_end() {
    let answer = ask(&zone(), "loop.prod.svc.cluster.local. A");
    assert_eq!(answer.answers.len(), 8);
    assert!(answer.answers.iter().all(|record| record.data.to_string() == "loop.prod.svc.cluster.local."));
}

#[test]
fn a_zone_can_be_another_and_refuse_what_is_not_its_own() {
    let resolver = kube_net::ServiceResolver::from(super::table()).with_domain("Example.ORG.");
    let zone = Zone::new(&resolver).ttl(30).refuse_others();
    let text = |question| ask(&zone, question).to_string();
    assert_eq!(text("web.prod.svc.example.org A"), "NOERROR\nweb.prod.svc.example.org. 30 IN A 10.96.0.10\n");
    let elsewhere = ask(&zone, "web.prod.svc.cluster.local A");
    assert_eq!((elsewhere.to_string().as_str(), elsewhere.authoritative), ("REFUSED\n", false));
    assert!(text("ns.dns.example.org A").starts_with("NXDOMAIN\nauthority: example.org. 30 IN SOA"));
}
