//! Requests spread, counted and told.

use super::{BalanceError, Balanced};
use crate::balance::{Balancing, OutlierEjection, round_robin::RoundRobin};
use crate::resolve::Endpoint;
use crate::{EndpointTable, ServiceResolver};
use futures::FutureExt;
use kube_core::env::Env;
use kube_core::kinds::discovery::v1::EndpointSlice;
use serde_json::json;
use std::future::{Pending, Ready, pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tower_service::Service;

/// Answers its address; the one whose last byte is 3 fails.
#[derive(Clone, Debug)]
struct Echo(String);

impl Service<u8> for Echo {
    type Response = String;
    type Error = u8;
    type Future = Ready<Result<String, u8>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), u8>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u8) -> Self::Future {
        ready(if self.0.ends_with(".3:80") { Err(request) } else { Ok(self.0.clone()) })
    }
}

/// Never answers.
#[derive(Clone, Debug)]
struct Silent;

impl Service<u8> for Silent {
    type Response = ();
    type Error = u8;
    type Future = Pending<Result<(), u8>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), u8>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: u8) -> Self::Future {
        pending()
    }
}

fn slice(ids: &[u8]) -> Arc<EndpointSlice> {
    let endpoints: Vec<_> = ids.iter().map(|id| json!({"addresses": [format!("10.0.0.{id}")]})).collect();
    let slice = json!({
        "metadata": {"name": "web-1", "namespace": "prod", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4", "ports": [{"name": "", "port": 80}], "endpoints": endpoints,
    });
    Arc::new(serde_json::from_value(slice).unwrap())
}

fn table(ids: &[u8]) -> EndpointTable {
    let env = Env::manual(1).0;
    let rules = OutlierEjection::default().percent(50);
    let mut table = EndpointTable::balanced(Balancing::new(&env, RoundRobin).eject(rules));
    let web = json!({
        "metadata": {"name": "web", "namespace": "prod"},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80}]},
    });
    table.upsert_service(&Arc::new(serde_json::from_value(web).unwrap()));
    table.upsert_slice(&slice(ids));
    table
}

fn ask<F: FnMut(&Endpoint) -> Echo>(client: &mut Balanced<F, Echo>) -> Result<String, BalanceError<u8>> {
    client.call(7).now_or_never().expect("answers at once")
}

#[test]
fn requests_go_around_and_clients_are_kept() {
    let mut table = table(&[1, 2]);
    let resolver = ServiceResolver::from(table.clone());
    let made = AtomicUsize::new(0);
    let mut client = resolver.service("web.prod").unwrap().balance(|endpoint| {
        made.fetch_add(1, Ordering::Relaxed);
        Echo(endpoint.socket().to_string())
    });
    let answers: Vec<String> = (0..4).map(|_| ask(&mut client).unwrap()).collect();
    assert_eq!(answers, ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.1:80", "10.0.0.2:80"]);
    assert_eq!(made.load(Ordering::Relaxed), 2);
    table.upsert_slice(&slice(&[2, 4]));
    resolver.publish(&table);
    (0..4).for_each(|_| drop(ask(&mut client).unwrap()));
    assert_eq!((made.load(Ordering::Relaxed), client.clients.len()), (3, 2));
    table.upsert_slice(&slice(&[]));
    resolver.publish(&table);
    let error = ask(&mut client).unwrap_err();
    assert_eq!(error.to_string(), "service prod/web has no endpoints that are ready");
}

#[test]
fn failures_are_told_and_eject() {
    let resolver = ServiceResolver::from(table(&[1, 3]));
    let mut client =
        resolver.service("web.prod").unwrap().balance(|endpoint| Echo(endpoint.socket().to_string()));
    let failed = (0..100).filter(|_| ask(&mut client) == Err(BalanceError::Service(7))).count();
    assert_eq!(failed, 5);
}

#[test]
fn a_request_is_in_flight_until_its_future_ends() {
    let resolver = ServiceResolver::from(table(&[1]));
    let web = resolver.service("web.prod").unwrap();
    let mut client = web.balance(|_| Silent);
    let mut request = client.call(1);
    assert!((&mut request).now_or_never().is_none());
    assert_eq!(web.endpoints()[0].in_flight(), 1);
    drop(request);
    assert_eq!(web.endpoints()[0].in_flight(), 0);
}
