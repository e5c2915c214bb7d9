//! Three stacked system-call filters, put over every thread at once.
//!
//! 1. `clone3` answers `ENOSYS`: its flags lie behind a pointer, which a filter can't read, and the C library
//!    then falls back to `clone`, whose flags it can.
//! 2. The trip-wire: calls that serving never makes raise SIGSYS, whose handler counts them and lets the call
//!    fail. A trap outranks an error number, so the third filter can't hide them.
//! 3. The allow-list: everything that isn't named fails with `EPERM`.
//!
//! A call of another architecture (32-bit calls on x86_64) ends the process; x32 calls have numbers that no
//! rule names.

pub(super) mod filter;
pub(super) mod rules;
pub(super) mod trap;

#[cfg(test)]
mod tests;

use seccompiler::BpfProgram;

use super::SandboxError;

/// What was put over the threads.
#[derive(Debug)]
pub(super) struct Installed {
    pub(super) filters: usize,
    pub(super) instructions: usize,
}

/// Compiles and installs, the allow-list last: it refuses the calls that install filters.
pub(super) fn install() -> Result<Installed, SandboxError> {
    let programs: [(&'static str, BpfProgram); 3] = [
        ("clone3", filter::no_clone3()?),
        ("trip-wire", filter::trip_wire()?),
        ("allow-list", filter::allow_list()?),
    ];
    trap::install()?;
    for (name, program) in &programs {
        seccompiler::apply_filter_all_threads(program).map_err(|source| SandboxError::Install {
            filter: name,
            source,
        })?;
    }
    let instructions = programs.iter().map(|(_, program)| program.len()).sum();
    Ok(Installed {
        filters: programs.len(),
        instructions,
    })
}
