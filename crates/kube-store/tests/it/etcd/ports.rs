//! Where the servers of this process listen on loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what systems give to outgoing connections: one of these could take the port of a server that is dead for a
/// while, or be connected to itself where it looks for that.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// Addresses that nobody listens at. None is given out twice: a server takes its time to listen, and two that were told
/// the same address would be one to their clients.
pub(crate) fn free<const N: usize>() -> [SocketAddr; N] {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let count = PORTS.end - PORTS.start;
    // Processes side by side begin at different places. Who meets all the same ends, and is started elsewhere.
    let begin = u16::try_from(std::process::id().wrapping_mul(7_919) % u32::from(count)).unwrap();
    [(); N].map(|()| {
        loop {
            let given = GIVEN.fetch_add(1, Ordering::Relaxed);
            assert!(given < count, "all ports are given out");
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORTS.start + (begin + given) % count));
            if TcpListener::bind(address).is_ok() {
                return address;
            }
        }
    })
}
