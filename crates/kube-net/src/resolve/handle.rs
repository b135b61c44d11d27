//! A Service found, and an endpoint picked.

use super::endpoint::{Endpoint, TargetRef};
use super::resolver::State;
use super::service::{EndpointSet, Form, Joined, ServicePort};
use crate::error::ResolveError;
use kube_core::resource::ObjectKey;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

/// A Service that was found. Keep it: it sees every later change of the Service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ServiceHandle {
    pub(super) state: Arc<State>,
    pub(super) key: ObjectKey,
    pub(super) port: Port,
    /// The address it was found by.
    pub(super) address: Option<IpAddr>,
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
        &self.key
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
                    Resolution::Endpoints(set.map(|set| set.usable.clone()).unwrap_or_default())
                }
            })
        })
    }

    /// The endpoints of the port that may be used now, by address.
    pub fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        self.read(|service| self.set_of(service).map(|set| set.usable.clone())).unwrap_or_default()
    }

    /// The endpoint that would be picked next.
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    pub fn peek(&self) -> Result<Arc<Endpoint>, ResolveError> {
        self.choose(|set| set.picker.peek())
    }

    /// Picks an endpoint: keep the answer while using it.
    ///
    /// # Errors
    /// [`ResolveError::NoEndpoints`]; [`ResolveError::External`] for an alias; [`ResolveError::NotFound`] and
    /// [`ResolveError::NoSuchPort`] when Service or port are gone.
    pub fn pick(&self) -> Result<Picked, ResolveError> {
        let endpoint = self.choose(|set| set.picker.pick())?;
        endpoint.begin();
        Ok(Picked { endpoint })
    }

    fn choose(&self, at: impl Fn(&EndpointSet) -> Option<usize>) -> Result<Arc<Endpoint>, ResolveError> {
        self.read(|service| {
            if let Form::External(target) = &service.form {
                return Err(ResolveError::External { service: self.key.clone(), target: target.clone() });
            }
            let set = self.set_of(service)?;
            let found = at(set).and_then(|at| set.usable.get(at));
            found.cloned().ok_or_else(|| ResolveError::NoEndpoints { service: self.key.clone() })
        })
    }

    fn set_of<'a>(&self, service: &'a Joined) -> Result<&'a EndpointSet, ResolveError> {
        let (position, name) = match &self.port {
            Port::First => (Some(0), ""),
            Port::Named(name) => (service.position(name), &**name),
        };
        let set = position.and_then(|position| service.set(position, self.address));
        set.ok_or_else(|| no_such_port(service, name))
    }

    fn read<T>(&self, read: impl FnOnce(&Joined) -> Result<T, ResolveError>) -> Result<T, ResolveError> {
        let snapshot = self.state.snapshot.load();
        match snapshot.services.get(&self.key) {
            Some(service) => read(service),
            None => Err(ResolveError::NotFound { name: self.key.to_string() }),
        }
    }
}

fn no_such_port(service: &Joined, port: &str) -> ResolveError {
    ResolveError::NoSuchPort { service: service.key.clone(), port: port.to_owned() }
}

/// An endpoint in use. Dropping it ends the use.
#[derive(Debug)]
#[must_use = "the use ends when this is dropped"]
pub struct Picked {
    endpoint: Arc<Endpoint>,
}

impl Picked {
    /// Address and port.
    pub fn address(&self) -> SocketAddr {
        self.endpoint.socket()
    }

    /// The object behind, a pod as a rule.
    pub fn target(&self) -> Option<&TargetRef> {
        self.endpoint.target.as_ref()
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }
}

impl Deref for Picked {
    type Target = Endpoint;

    fn deref(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for Picked {
    fn drop(&mut self) {
        self.endpoint.end();
    }
}
