//! What the kernel can enforce.
#![expect(
    unsafe_code,
    reason = "the kernel's abilities are asked for by system calls"
)]

use std::fs;

use super::folders::MINIMUM_ABI;
use super::report::Host;

/// Looks at the kernel; changes nothing.
#[must_use]
pub fn host() -> Host {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let actions: [(&'static str, u32); 3] = [
        ("errno", libc::SECCOMP_RET_ERRNO),
        ("trap", libc::SECCOMP_RET_TRAP),
        ("kill_process", libc::SECCOMP_RET_KILL_PROCESS),
    ];
    Host {
        kernel: kernel.trim().to_owned(),
        architecture: std::env::consts::ARCH,
        landlock_abi: landlock_abi(),
        landlock_minimum: MINIMUM_ABI,
        seccomp_missing: actions
            .iter()
            .filter(|(_, action)| !seccomp_knows(*action))
            .map(|(name, _)| *name)
            .collect(),
    }
}

/// The kernel's Landlock ABI; 0: none, or switched off at boot.
pub(super) fn landlock_abi() -> u32 {
    const VERSION: u32 = 1;
    let nothing: *const libc::c_void = std::ptr::null();
    // SAFETY: with the version flag the kernel takes no attributes and only answers a number.
    let abi =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, VERSION) };
    u32::try_from(abi).unwrap_or(0)
}

fn seccomp_knows(action: u32) -> bool {
    // SAFETY: the operation reads the four bytes of `action` and answers.
    let known = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_GET_ACTION_AVAIL,
            0,
            &raw const action,
        )
    };
    known == 0
}
