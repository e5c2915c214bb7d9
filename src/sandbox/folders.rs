//! Landlock: which files may be opened at all.
//!
//! Seccomp sees a path as a number, so only this mechanism keeps `/etc` and the data folder apart. It
//! denies TCP `bind` and `connect`, abstract Unix sockets and signals too, where the kernel knows how: a
//! second wall behind the system-call filter.

use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::SandboxError;
use super::plan::Plan;

/// The oldest Landlock with which the promise holds: moving files between folders is governed (kernel 5.19).
///
/// What later ones add is closed by the system-call filter as well: truncating (`openat` with `O_TRUNC`
/// needs write access there, `truncate` is refused), TCP, device `ioctl`s, abstract sockets, signals.
pub(super) const MINIMUM_ABI: u32 = 2;

/// The newest one that this program knows.
const NEWEST: ABI = ABI::V10;

/// Files that libraries read while serving, wherever they exist: SQLite seeds itself from the first.
const ALWAYS_READ: &[&str] = &["/dev/urandom"];

/// The folder with the threads' states. It is the self-test's window.
const TASKS: &str = "/proc/self/task";

/// The plan's folders, open.
#[derive(Debug)]
pub(super) struct Folders {
    rules: Vec<(File, BitFlags<AccessFs>)>,
}

/// Landlock stands.
#[derive(Debug)]
pub(super) struct Restricted {
    pub(super) abi: u32,
    pub(super) complete: bool,
}

/// Opens everything that the plan names, so that a missing folder is found before anything is dropped.
pub(super) fn open(plan: &Plan) -> Result<Folders, SandboxError> {
    let mut rules = Vec::new();
    let always = ALWAYS_READ
        .iter()
        .map(Path::new)
        .filter(|path| path.exists());
    for path in plan
        .read_only
        .iter()
        .map(AsRef::as_ref)
        .chain(always)
        .chain([Path::new(TASKS)])
    {
        rules.push(rule(path, AccessFs::ReadFile | AccessFs::ReadDir)?);
    }
    for path in &plan.read_write {
        rules.push(rule(path, writing())?);
    }
    Ok(Folders { rules })
}

impl Folders {
    pub(super) fn descriptors(&self) -> Vec<RawFd> {
        self.rules
            .iter()
            .map(|(file, _)| file.as_raw_fd())
            .collect()
    }

    pub(super) fn restrict(self) -> Result<Restricted, SandboxError> {
        let abi = super::host::landlock_abi();
        let status = self.enforce().map_err(|source| SandboxError::Landlock {
            source: Box::new(source),
        })?;
        if status == RulesetStatus::NotEnforced {
            return Err(SandboxError::NotEnforced);
        }
        for (file, _) in self.rules {
            if is_tasks(file.as_fd()) {
                // Kept open to the process's end: the rule is on this very inode of procfs, which the
                // kernel may otherwise forget and make anew, without the rule.
                let _kept: RawFd = OwnedFd::from(file).into_raw_fd();
            }
        }
        Ok(Restricted {
            abi,
            complete: status == RulesetStatus::FullyEnforced,
        })
    }

    fn enforce(&self) -> Result<RulesetStatus, RulesetError> {
        let minimum = ABI::V2;
        // What the minimum knows is demanded, what is newer is taken where the kernel has it.
        let mut rules: RulesetCreated = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(minimum))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?;
        for (file, access) in &self.rules {
            rules = rules.add_rule(PathBeneath::new(file, *access))?;
        }
        Ok(rules.restrict_self()?.ruleset)
    }
}

/// Regular files and folders, no links, devices, sockets or pipes, and nothing is executed.
fn writing() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}

fn rule(
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<(File, BitFlags<AccessFs>), SandboxError> {
    let failed = |source| SandboxError::Path {
        path: path.to_owned(),
        source,
    };
    if fs::canonicalize(path).map_err(failed)? == Path::new("/") {
        return Err(SandboxError::Root);
    }
    let file = File::open(path).map_err(failed)?;
    let folder = file.metadata().map_err(failed)?.is_dir();
    let access = if folder {
        access
    } else {
        access & AccessFs::from_file(NEWEST)
    };
    Ok((file, access))
}

fn is_tasks(fd: BorrowedFd<'_>) -> bool {
    let path = fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()));
    path.is_ok_and(|path| path.starts_with("/proc") && path.ends_with("task"))
}
