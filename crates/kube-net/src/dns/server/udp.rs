//! One packet, one answer.

use super::respond;
use crate::dns::Zone;
use std::sync::Arc;
use tokio::net::UdpSocket;

/// The largest packet that is read: what is longer is no question.
const LONGEST: usize = 4_096;

pub(super) async fn serve(socket: Arc<UdpSocket>, zone: Arc<Zone>) {
    let mut packet = vec![0; LONGEST];
    loop {
        // An error here is that of an answer that did not arrive; the next packet is read all the same.
        let Ok((length, client)) = socket.recv_from(&mut packet).await else { continue };
        if let Some(answer) = respond(&zone, &packet[..length], false) {
            // Who cannot be reached asks again.
            socket.send_to(&answer, client).await.ok();
        }
    }
}
