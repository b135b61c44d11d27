//! A Service found, and an endpoint picked.

use super::changes::{EndpointChange, changes};
use super::endpoint::Endpoint;
use super::local::LocalHandle;
use super::picked::{Mark, Picked};
use super::pool::Pool;
use super::resolver::State;
use super::service::{Form, Joined, ServicePort};
use super::set::EndpointSet;
use crate::balance::PickContext;
use crate::error::ResolveError;
use arc_swap::ArcSwapOption;
use futures::Stream;
use kube_core::resource::ObjectKey;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// A Service that was found. Keep it: it sees every later change of the Service. Cheap to clone.
///
/// It holds the state in which the Service was found as long as it lives.
#[derive(Debug)]
pub struct ServiceHandle {
    pub(super) state: Arc<State>,
    pub(super) port: Port,
    /// The address it was found by.
    pub(super) address: Option<IpAddr>,
    /// Whether it was found at a node's port: traffic from outside.
    pub(super) external: bool,
    pub(super) location: Location,
    /// The Service as it was found: looked at first, as that takes neither a look-up nor an allocation.
    pub(super) found: Seen,
    /// The Service as it was last seen, once it is not as it was found any more: it is looked up once per snapshot.
    pub(super) later: OnceLock<Box<ArcSwapOption<Seen>>>,
}

/// A Service in the snapshot of this number.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) service: Arc<Joined>,
}

/// Where the caller is, as far as it is told.
#[derive(Clone, Debug, Default)]
pub(super) struct Location {
    pub(super) node: Option<Arc<str>>,
    pub(super) zone: Option<Arc<str>>,
}

/// Which port of a Service is meant.
#[derive(Clone, Debug)]
pub(super) enum Port {
    First,
    Named(Arc<str>),
}

/// What a name stands for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Resolution {
    /// A Service with addresses of its own.
    ClusterIps(Vec<IpAddr>),
    /// A headless Service: its endpoints that may be used.
    Endpoints(Vec<Arc<Endpoint>>),
    /// Another name, to be resolved elsewhere.
    Cname(Arc<str>),
}

impl ServiceHandle {
    /// Namespace and name.
    pub fn key(&self) -> &ObjectKey {
        &self.found.service.key
    }

    /// Counts the snapshots shown so far.
    pub fn version(&self) -> u64 {
        self.state.version()
    }

    /// The Service's ports; none when it is gone.
    pub fn ports(&self) -> Arc<[ServicePort]> {
        self.read(|service| Ok(service.ports.clone())).unwrap_or_default()
    }

    /// The same Service, narrowed to a port by name or number. Unless narrowed the first port is meant.
    ///
    /// # Errors
    /// [`ResolveError::NoSuchPort`], [`ResolveError::NotFound`].
    pub fn port(&self, port: &str) -> Result<Self, ResolveError> {
        let number: Option<u16> = port.parse().ok();
        let name = self.read(|service| {
            let found = service.ports.iter().find(|p| *p.name == *port || Some(p.port) == number);
            found.map(|found| found.name.clone()).ok_or_else(|| no_such_port(service, port))
        })?;
        Ok(Self { port: Port::Named(name), ..self.clone() })
    }

    /// What the Service's name stands for.
    ///
    /// # Errors
    /// [`ResolveError::NotFound`] when it is gone.
    pub fn resolution(&self) -> Result<Resolution, ResolveError> {
        self.read(|service| {
            Ok(match &service.form {
                Form::ClusterIp(ips) => Resolution::ClusterIps(ips.clone()),
                Form::External(target) => Resolution::Cname(target.clone()),
                Form::Headless => {
                    let set = self.set_of(service);
                    Resolution::Endpoints(set.map(|set| set.whole.endpoints.clone()).unwrap_or_default())
                }
            })
        })
    }

    /// The endpoints of the port that may be used now, by address.
    pub fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        let cx = self.context(&PickContext::default());
        self.read(|service| {
            Ok(self.pool(service, &cx)?.map(|pool| pool.endpoints.clone()).unwrap_or_default())
        })
        .unwrap_or_default()
    }

    /// The endpoints of the port that may no longer be used and are in use still, as of the last change.
    /// [`Endpoint::drained`] waits for one of them.
    pub fn draining(&self) -> Vec<Arc<Endpoint>> {
        let leaving = self.read(|service| Ok(self.set_of(service)?.leaving.clone())).unwrap_or_default();
        leaving.into_iter().filter(|endpoint| endpoint.in_flight() != 0).collect()
    }

    /// The endpoints there are ([`ServiceHandle::endpoints`]), then every change of them. Changes that come faster than
    /// they are taken are told as one. A Service that is gone has no endpoints; the stream goes on, as it may come back.
    pub fn changes(&self) -> impl Stream<Item = EndpointChange> + Send + 'static + use<> {
        changes(self.clone())
    }

    /// The endpoint that would be picked next. While endpoints are ejected or start slowly this is a guess.
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    pub fn peek(&self) -> Result<Arc<Endpoint>, ResolveError> {
        self.peek_for(&PickContext::NONE)
    }

    /// The endpoint that would be picked next for this client or key.
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    pub fn peek_for(&self, cx: &PickContext<'_>) -> Result<Arc<Endpoint>, ResolveError> {
        let cx = self.context(cx);
        self.read(|service| Ok(self.peek_in(self.pool(service, &cx)?, &cx)?.clone()))
    }

    /// The same Service for one thread that asks again and again.
    pub fn local(&self) -> LocalHandle {
        LocalHandle::new(self.clone())
    }

    /// Picks an endpoint: keep the answer while using it.
    ///
    /// # Errors
    /// [`ResolveError::NoEndpoints`]; [`ResolveError::External`] for an alias; [`ResolveError::NotFound`] and
    /// [`ResolveError::NoSuchPort`] when Service or port are gone.
    #[inline]
    pub fn pick(&self) -> Result<Picked, ResolveError> {
        self.pick_for(&PickContext::NONE)
    }

    /// Picks an endpoint for this client or key.
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    #[inline]
    pub fn pick_for(&self, cx: &PickContext<'_>) -> Result<Picked, ResolveError> {
        if self.is_nowhere(cx) { self.pick_with(cx) } else { self.pick_with(&self.context(cx)) }
    }

    fn pick_with(&self, cx: &PickContext<'_>) -> Result<Picked, ResolveError> {
        if self.is_current(self.found.number)
            && let Some(picked) =
                self.pick_from(self.pool(&self.found.service, cx)?, self.found.number, cx)?
        {
            return Ok(picked);
        }
        self.pick_later(cx)
    }

    /// The same for a Service that has changed since it was found.
    #[inline(never)]
    fn pick_later(&self, cx: &PickContext<'_>) -> Result<Picked, ResolveError> {
        loop {
            let picked =
                self.see_later(|seen| self.pick_from(self.pool(&seen.service, cx)?, seen.number, cx))?;
            if let Some(picked) = picked {
                return Ok(picked);
            }
        }
    }

    /// Whether `endpoint` may be picked by somebody, wherever that is. Once it may not, [`Endpoint::drained`] waits for its
    /// end: no pick follows.
    pub fn offers(&self, endpoint: &Endpoint) -> bool {
        let snapshot = self.state.snapshot.load();
        let service = snapshot.service(self.key());
        let offered =
            service.and_then(|service| self.set_of(service).ok()).is_some_and(|set| set.offers(endpoint));
        // Of a snapshot that is being shown just now not everybody who picks knows.
        offered || snapshot.number > self.state.number()
    }

    /// Waits until nobody uses `endpoint` any more: it may not be picked, and no pick of it is held. An endpoint that is
    /// about to end waits for this, and no request is lost.
    ///
    /// It may never come: of a Service that has nobody else the last endpoint is used until it does not serve any more.
    pub fn released(&self, endpoint: &Endpoint) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (handle, endpoint) = (self.clone(), endpoint.clone());
        async move {
            loop {
                let seen = handle.version();
                if !handle.offers(&endpoint) {
                    return endpoint.drained().await;
                }
                handle.state.changed(seen).await;
            }
        }
    }

    /// What is picked of a state of the Service, that of snapshot `number`; `None` where another one has come meanwhile.
    #[inline]
    pub(super) fn pick_from(
        &self,
        pool: Option<&Arc<Pool>>,
        number: u64,
        cx: &PickContext<'_>,
    ) -> Result<Option<Picked>, ResolveError> {
        let marked = pool.and_then(|pool| Some((pool, Mark::new(pool, cx)?)));
        let Some((pool, mark)) = marked else { return Err(self.none()) };
        if self.is_current(number) {
            return Ok(Some(Picked::new(pool, mark)));
        }
        mark.undo(pool);
        Ok(None)
    }

    #[inline]
    pub(super) fn peek_in<'a>(
        &self,
        pool: Option<&'a Arc<Pool>>,
        cx: &PickContext<'_>,
    ) -> Result<&'a Arc<Endpoint>, ResolveError> {
        pool.and_then(|pool| pool.endpoints.get(pool.peek(cx)?)).ok_or_else(|| self.none())
    }

    /// Whether no snapshot after that of this number is shown. Asked once an endpoint is marked as in use: whoever has
    /// taken the endpoint out and then looks whether it is in use sees the mark, or it is seen here that it was taken out.
    #[inline]
    pub(super) fn is_current(&self, number: u64) -> bool {
        number >= self.state.number()
    }

    #[cold]
    fn none(&self) -> ResolveError {
        ResolveError::NoEndpoints { service: self.key().clone() }
    }

    /// Whether neither the caller nor this handle says where it is: nothing is to be added to the context.
    #[inline]
    pub(super) fn is_nowhere(&self, cx: &PickContext<'_>) -> bool {
        self.location.node.is_none() && self.location.zone.is_none() && !cx.is_somewhere()
    }

    /// The context with where this handle's caller is.
    pub(super) fn context<'a>(&'a self, cx: &PickContext<'a>) -> PickContext<'a> {
        PickContext {
            zone: cx.zone.or(self.location.zone.as_deref()),
            node: cx.node.or(self.location.node.as_deref()),
            ..*cx
        }
    }

    /// What a caller there may use; `None` for nothing.
    #[inline]
    pub(super) fn pool<'a>(
        &self,
        service: &'a Joined,
        cx: &PickContext<'_>,
    ) -> Result<Option<&'a Arc<Pool>>, ResolveError> {
        if matches!(self.port, Port::First)
            && self.address.is_none()
            && !cx.is_somewhere()
            && let Some(front) = &service.front
        {
            return Ok(Some(front));
        }
        self.pool_of_port(service, cx)
    }

    fn pool_of_port<'a>(
        &self,
        service: &'a Joined,
        cx: &PickContext<'_>,
    ) -> Result<Option<&'a Arc<Pool>>, ResolveError> {
        if let Form::External(target) = &service.form {
            return Err(ResolveError::External { service: self.key().clone(), target: target.clone() });
        }
        let local = if self.external { service.external_local } else { service.internal_local };
        Ok(self.set_of(service)?.pool(cx, local))
    }

    /// The place and name of the port that is meant.
    pub(super) fn port_of(&self, service: &Joined) -> (Option<usize>, &str) {
        match &self.port {
            Port::First => (Some(0), ""),
            Port::Named(name) => (service.position(name), name),
        }
    }

    fn set_of<'a>(&self, service: &'a Joined) -> Result<&'a EndpointSet, ResolveError> {
        let (position, name) = self.port_of(service);
        let set = position.and_then(|position| service.set(position, self.address));
        set.ok_or_else(|| no_such_port(service, name))
    }

    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Joined) -> Result<T, ResolveError>,
    ) -> Result<T, ResolveError> {
        self.see(|seen| read(&seen.service))
    }

    #[inline]
    fn see<T>(&self, read: impl FnOnce(&Seen) -> Result<T, ResolveError>) -> Result<T, ResolveError> {
        if self.is_current(self.found.number) {
            return read(&self.found);
        }
        self.see_later(read)
    }

    /// The same for a Service that may have changed since it was found.
    fn see_later<T>(&self, read: impl FnOnce(&Seen) -> Result<T, ResolveError>) -> Result<T, ResolveError> {
        let later = self.later.get_or_init(Box::default);
        if let Some(seen) = &*later.load()
            && self.is_current(seen.number)
        {
            return read(seen);
        }
        let seen = Arc::new(self.look()?);
        later.store(Some(seen.clone()));
        read(&seen)
    }

    /// The Service as it is now.
    pub(super) fn look(&self) -> Result<Seen, ResolveError> {
        let snapshot = self.state.snapshot.load();
        let Some(service) = snapshot.service(self.key()) else {
            return Err(ResolveError::NotFound { name: self.key().to_string() });
        };
        Ok(Seen { number: snapshot.number, service: service.clone() })
    }

    /// The Service as it was last seen by this handle.
    fn last_seen(&self) -> Seen {
        let later = self.later.get().and_then(|later| later.load_full());
        later.map_or_else(|| self.found.clone(), |seen| Seen::clone(&seen))
    }
}

impl Clone for ServiceHandle {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            port: self.port.clone(),
            address: self.address,
            external: self.external,
            location: self.location.clone(),
            found: self.last_seen(),
            later: OnceLock::new(),
        }
    }
}

fn no_such_port(service: &Joined, port: &str) -> ResolveError {
    ResolveError::NoSuchPort { service: service.key.clone(), port: port.to_owned() }
}
