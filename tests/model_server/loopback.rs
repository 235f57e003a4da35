//! Brings the loopback interface up in a new network namespace, without iproute2: one netlink message.

use std::io;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, bind, recv, sendto, socket};

/// `RTM_NEWLINK`, `NLM_F_REQUEST | NLM_F_ACK` and `IFF_UP` of the kernel's rtnetlink.
const RTM_NEWLINK: u16 = 16;
const REQUEST_WITH_ACK: u16 = 0x1 | 0x4;
const IFF_UP: u32 = 1;
/// The loopback interface is the first one of every network namespace.
const LOOPBACK: i32 = 1;

/// Sets `lo` up in the network namespace of this process.
///
/// # Errors
/// `EPERM` without `CAP_NET_ADMIN` over the namespace.
pub(crate) fn bring_up() -> io::Result<()> {
    let mut message = Vec::with_capacity(32);
    // struct nlmsghdr: length, type, flags, sequence, port
    message.extend_from_slice(&32u32.to_ne_bytes());
    message.extend_from_slice(&RTM_NEWLINK.to_ne_bytes());
    message.extend_from_slice(&REQUEST_WITH_ACK.to_ne_bytes());
    message.extend_from_slice(&1u32.to_ne_bytes());
    message.extend_from_slice(&0u32.to_ne_bytes());
    // struct ifinfomsg: family, padding, type, index, flags, change mask
    message.extend_from_slice(&[0, 0, 0, 0]);
    message.extend_from_slice(&LOOPBACK.to_ne_bytes());
    message.extend_from_slice(&IFF_UP.to_ne_bytes());
    message.extend_from_slice(&IFF_UP.to_ne_bytes());

    // Protocol 0 of this family is NETLINK_ROUTE.
    let socket = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    bind(&socket, &SocketAddrNetlink::new(0, 0))?;
    sendto(&socket, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut reply = [0u8; 256];
    let (length, _) = recv(&socket, &mut reply, RecvFlags::empty())?;
    // struct nlmsgerr after the header: 0, or a negated errno
    let code: [u8; 4] = reply
        .get(16..20)
        .filter(|_| length >= 20)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| io::Error::other("the kernel's netlink answer is too short"))?;
    match i32::from_ne_bytes(code) {
        0 => Ok(()),
        negated => Err(io::Error::from_raw_os_error(-negated)),
    }
}
