//! The public contract of kube-sim.

#[cfg(test)]
mod determinism;
#[cfg(test)]
mod draining;
#[cfg(test)]
mod explore;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod oracles;
#[cfg(test)]
mod scenario;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod schedulers;
#[cfg(test)]
mod test_plane;
