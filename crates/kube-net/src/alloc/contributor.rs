//! The contribution to the transactions of Services.

use super::addresses::Supply;
use super::families::fill;
use super::free::Believed;
use super::ranges::ServiceRanges;
use super::update::{begin, carry_over};
use super::{addresses, ports};
use async_trait::async_trait;
use kube_core::env::Rng;
use kube_core::error::{ApiError, FieldError};
use kube_core::kinds::core::v1::{Service, ServiceSpec};
use kube_store::objects::{Candidate, Contribution, Contributor, Stored, TxnBuilder};
use kube_store::service::Subresource;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Allocates cluster IPs and node ports of Services, in their own transactions. See the [module](super).
///
/// Register it for kind `Service` of the core group, with `ObjectsBuilder::contributor`.
#[derive(Debug)]
pub struct ServiceAllocation {
    ranges: ServiceRanges,
    random: OnceLock<Mutex<Rng>>,
    addresses: Believed,
    ports: Believed,
}

impl ServiceAllocation {
    /// Allocation from these ranges.
    pub fn new(ranges: ServiceRanges) -> Self {
        Self { ranges, random: OnceLock::new(), addresses: Believed::default(), ports: Believed::default() }
    }

    /// A number below `bound`. One stream for all writes: places that are tried at the same time differ.
    fn draw(&self, cx: &Contribution<'_>, bound: u128) -> u128 {
        let stream = self.random.get_or_init(|| Mutex::new(cx.env().rng("alloc/services")));
        let mut rng = stream.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64());
        drawn.checked_rem(bound).unwrap_or_default()
    }
}

#[async_trait]
impl Contributor for ServiceAllocation {
    async fn contribute(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Stored>,
        new: Option<&mut Candidate>,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        if cx.subresource() != Subresource::Main {
            return Ok(());
        }
        let old = match old {
            Some(old) => old.typed::<Service>()?.map(|service| service.spec.clone().unwrap_or_default()),
            None => None,
        };
        let mut spec = new
            .and_then(|object| object.typed_mut::<Service>())
            .map(|service| service.spec.get_or_insert_default());
        if let Some(spec) = &mut spec {
            prepare(&self.ranges, old.as_ref(), spec)
                .map_err(|errors| ApiError::invalid("", "Service", &cx.key().name, &errors))?;
        }
        let mut random = |bound| self.draw(cx, bound);
        let addresses = Supply { ranges: &self.ranges, believed: &self.addresses };
        addresses::settle(cx, &addresses, (old.as_ref(), spec.as_deref_mut()), &mut random, txn).await?;
        let ports = Supply { ranges: &self.ranges, believed: &self.ports };
        ports::settle(cx, &ports, (old.as_ref(), spec), &mut random, txn).await
    }
}

fn prepare(
    ranges: &ServiceRanges,
    old: Option<&ServiceSpec>,
    new: &mut ServiceSpec,
) -> Result<(), Vec<FieldError>> {
    match old {
        Some(old) => carry_over(old, new).map_err(|error| vec![error])?,
        None => begin(new),
    }
    fill(ranges, old, new)
}
