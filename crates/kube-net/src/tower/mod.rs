//! Clients of [tower](https://docs.rs/tower-service) services, balanced over the endpoints of a Service (feature
//! `tower`).
//!
//! ```
//! use kube_net::ServiceResolver;
//! use kube_net::resolve::Endpoint;
//! # use std::convert::Infallible;
//! # use std::future::{Ready, ready};
//! # use std::task::{Context, Poll};
//! # #[derive(Clone)]
//! # struct Client(std::net::SocketAddr);
//! # impl Client {
//! #     fn lazy(endpoint: &Endpoint) -> Self { Self(endpoint.socket()) }
//! # }
//! # impl tower_service::Service<String> for Client {
//! #     type Response = String;
//! #     type Error = Infallible;
//! #     type Future = Ready<Result<String, Infallible>>;
//! #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> { Poll::Ready(Ok(())) }
//! #     fn call(&mut self, request: String) -> Self::Future { ready(Ok(request)) }
//! # }
//! # async fn call(resolver: ServiceResolver) -> Result<(), Box<dyn std::error::Error>> {
//! use tower_service::Service;
//!
//! let mut client = resolver.service("web.prod")?.balance(Client::lazy);
//! let answer = client.call("hello".to_owned()).await?;
//! # let _ = answer;
//! # Ok(())
//! # }
//! ```

#[cfg(test)]
mod tests;

use crate::error::ResolveError;
use crate::resolve::{Endpoint, ServiceHandle};
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_service::Service;

/// A client that sends each request to an endpoint of a Service, picked anew.
///
/// A client of one endpoint is made when the endpoint is first picked, kept while it is there, and cloned for each
/// request. A request counts as in flight until its future ends; an error tells the policy that it failed.
#[derive(Clone)]
pub struct Balanced<F, S> {
    handle: ServiceHandle,
    connect: F,
    /// By place, with the endpoint that each was made for.
    clients: BTreeMap<(IpAddr, u16), (std::sync::Arc<Endpoint>, S)>,
    /// The snapshot that the clients were last compared with.
    version: u64,
}

/// Why a request was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BalanceError<E> {
    /// There is no endpoint to send it to.
    #[error(transparent)]
    Resolve(ResolveError),
    /// The endpoint's client failed.
    #[error("{0}")]
    Service(E),
}

impl ServiceHandle {
    /// A client of this Service, made of clients of its endpoints: `connect` must not block; it makes a client that
    /// connects when it is first used.
    pub fn balance<F, S>(&self, connect: F) -> Balanced<F, S>
    where
        F: FnMut(&Endpoint) -> S,
    {
        Balanced { handle: self.clone(), connect, clients: BTreeMap::new(), version: 0 }
    }
}

impl<F: FnMut(&Endpoint) -> S, S: Clone> Balanced<F, S> {
    fn client(&mut self, endpoint: &std::sync::Arc<Endpoint>) -> S {
        let version = self.handle.version();
        if version != self.version {
            let there = self.handle.endpoints();
            self.clients.retain(|place, (known, _)| {
                there
                    .binary_search_by_key(place, |endpoint| endpoint.place())
                    .is_ok_and(|at| there[at].is_same(known))
            });
            self.version = version;
        }
        let known = self.clients.get(&endpoint.place()).filter(|(known, _)| known.is_same(endpoint));
        if let Some((_, client)) = known {
            return client.clone();
        }
        let client = (self.connect)(endpoint);
        self.clients.insert(endpoint.place(), (endpoint.clone(), client.clone()));
        client
    }
}

impl<F, S, R> Service<R> for Balanced<F, S>
where
    F: FnMut(&Endpoint) -> S,
    S: Service<R> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = BalanceError<S::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, Self::Error>> + Send>>;

    /// Always ready: whether an endpoint is, its request waits for.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        let picked = match self.handle.pick() {
            Ok(picked) => picked,
            Err(error) => return Box::pin(async move { Err(BalanceError::Resolve(error)) }),
        };
        let mut client = self.client(picked.endpoint());
        Box::pin(async move {
            let answer = match poll_fn(|cx| client.poll_ready(cx)).await {
                Ok(()) => client.call(request).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(answer) => {
                    picked.succeeded();
                    Ok(answer)
                }
                Err(error) => {
                    picked.failed();
                    Err(BalanceError::Service(error))
                }
            }
        })
    }
}

impl<F, S> fmt::Debug for Balanced<F, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balanced")
            .field("service", self.handle.key())
            .field("clients", &self.clients.len())
            .finish_non_exhaustive()
    }
}
