//! What became of endpoints, as text.

use super::{EndpointWhy, Found, Reach, Scope, SliceSkipped, SliceWhy, Verdict, Why};
use std::fmt;

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match &self.found {
            Ok(found) => found,
            Err(missing) => {
                match &missing.service {
                    Some(service) => writeln!(f, "{}: there is no service {service}", self.asked)?,
                    None => writeln!(f, "{:?} is not the name of a service", self.asked)?,
                }
                for other in &missing.elsewhere {
                    writeln!(f, "there is a service {other}")?;
                }
                return Ok(());
            }
        };
        write!(f, "{}: service {} ({})", self.asked, found.service, found.reach)?;
        match &found.port {
            Some(port) if port.name.is_empty() => writeln!(f, ", port {}/{}", port.port, port.protocol)?,
            Some(port) => writeln!(f, ", port {} {}/{}", port.name, port.port, port.protocol)?,
            None => writeln!(f)?,
        }
        write!(f, "{found}")
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Reach::External(_) = self.reach {
            return Ok(());
        }
        for port in &self.unresolved {
            writeln!(f, "port {port:?} cannot be resolved: no slice has it")?;
        }
        match &self.scope {
            Scope::All => {}
            Scope::OwnNode(node) => writeln!(f, "traffic policy Local: endpoints on node {node} only")?,
            Scope::ForNode(node) => writeln!(f, "endpoints hinted for node {node} only")?,
            Scope::ForZone(zone) => writeln!(f, "endpoints hinted for zone {zone} only")?,
        }
        if self.slices.is_empty() {
            writeln!(f, "no slices")?;
        }
        self.slices.iter().try_for_each(|slice| write!(f, "{slice}"))?;
        let (all, used) = (
            self.endpoints().count(),
            self.endpoints().filter(|endpoint| endpoint.verdict.is_used()).count(),
        );
        writeln!(f, "{used} of {all} endpoints are used")?;
        match &self.refused {
            Some(refused) => writeln!(f, "a pick fails: {refused}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClusterIps(ips) => {
                let ips: Vec<String> = ips.iter().map(ToString::to_string).collect();
                write!(f, "cluster IP {}", ips.join(", "))
            }
            Self::Headless => f.write_str("headless"),
            Self::External(target) => write!(f, "an alias of {target}"),
        }
    }
}

impl fmt::Display for SliceWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slice {} ({}): ", self.name, self.address_type)?;
        match &self.endpoints {
            Ok(endpoints) => {
                writeln!(f, "{} endpoints", endpoints.len())?;
                endpoints.iter().try_for_each(|endpoint| writeln!(f, "  {endpoint}"))
            }
            Err(SliceSkipped::OtherFamily) => writeln!(f, "not looked at: another address family"),
            Err(SliceSkipped::OtherPort) => writeln!(f, "not looked at: it does not have the port"),
        }
    }
}

impl fmt::Display for EndpointWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(f, "{address}")?,
            None => f.write_str("?")?,
        }
        if let Some(target) = &self.target {
            write!(f, " {target}")?;
        }
        write!(f, ": {}", self.verdict)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Used => "used",
            Self::LastResort => "used while it terminates, as none is ready",
            Self::NotReady => "not ready",
            Self::Terminating => "terminating",
            Self::OtherNode => "on another node",
            Self::HintedElsewhere => "hinted for others",
            Self::Ejected { .. } => "ejected after repeated failures",
            Self::Repeated => "counted in another slice",
            Self::NoAddress => "no address that can be read",
        })
    }
}
