//! Which instructions the CPU has.

use std::fmt;
use std::sync::OnceLock;

/// A set of instructions that was found at run time; holding one proves that the CPU has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// NEON with the dot product of bytes.
    #[cfg(target_arch = "aarch64")]
    NeonDot,
}

/// The names of the levels, the lowest first.
const NAMES: &[(&str, Kind)] = &[
    ("portable", Kind::Portable),
    #[cfg(target_arch = "x86_64")]
    ("avx2", Kind::Avx2),
    #[cfg(target_arch = "x86_64")]
    ("avx512", Kind::Avx512Vnni),
    #[cfg(target_arch = "aarch64")]
    ("neon", Kind::Neon),
    #[cfg(target_arch = "aarch64")]
    ("dotprod", Kind::NeonDot),
];
/// [`NAMES`], for whoever has to choose one.
const CHOICE: &str = if cfg!(target_arch = "x86_64") {
    "portable, avx2 and avx512"
} else if cfg!(target_arch = "aarch64") {
    "portable, neon and dotprod"
} else {
    "portable"
};

/// The highest level that this process may use, where somebody said so.
static LIMIT: OnceLock<Kind> = OnceLock::new();

/// A name that no level has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no set of instructions has this name; known on this architecture: {}",
    CHOICE
)]
pub struct UnknownLevel;

impl Level {
    /// Plain code, the reference for all others.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// From now on this process uses none above that of `name`: to try and to compare the others on one machine.
    /// The first limit holds.
    ///
    /// # Errors
    ///
    /// When no level has this name.
    pub fn limit(name: &str) -> Result<(), UnknownLevel> {
        let known = NAMES.iter().find(|(known, _)| *known == name);
        let (_, kind) = known.ok_or(UnknownLevel)?;
        LIMIT.get_or_init(|| *kind);
        Ok(())
    }

    /// Every level that this CPU has, the best last.
    pub fn available() -> Vec<Self> {
        let limit = LIMIT.get();
        let levels = NAMES.iter().map(|(_, kind)| *kind);
        levels
            .take_while(|kind| limit.is_none_or(|limit| kind <= limit) && on_cpu(*kind))
            .map(Self)
            .collect()
    }

    /// The best level that this CPU has.
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::PORTABLE)
    }

    pub(super) fn kind(self) -> Kind {
        self.0
    }
}

/// Whether the CPU has what `kind` has and the ones below it have not.
fn on_cpu(kind: Kind) -> bool {
    match kind {
        Kind::Portable => true,
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => {
            is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("f16c")
        }
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512Vnni => {
            is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vnni")
        }
        // It belongs to the architecture.
        #[cfg(target_arch = "aarch64")]
        Kind::Neon => true,
        #[cfg(target_arch = "aarch64")]
        Kind::NeonDot => std::arch::is_aarch64_feature_detected!("dotprod"),
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Runs the body compiled for each set of instructions: plain loops that the compiler vectorises.
/// `FMA` tells the body whether fused multiply-add is an instruction.
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident : $ty:ty),* $(,)?) = $body:ident;) => {
        $(#[$doc])*
        #[cfg_attr(
            target_arch = "x86_64",
            expect(unsafe_code, reason = "calls across target features are unsafe")
        )]
        $vis fn $name(level: $crate::kernels::Level, $($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,f16c")]
            fn avx2($($arg: $ty),*) {
                $body::<true>($($arg),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")]
            fn avx512($($arg: $ty),*) {
                $body::<true>($($arg),*);
            }
            match level.kind() {
                #[cfg(not(target_arch = "aarch64"))]
                $crate::kernels::level::Kind::Portable => $body::<false>($($arg),*),
                // Compiled with NEON, fused multiply-add included, wherever this runs.
                #[cfg(target_arch = "aarch64")]
                $crate::kernels::level::Kind::Portable
                | $crate::kernels::level::Kind::Neon
                | $crate::kernels::level::Kind::NeonDot => $body::<true>($($arg),*),
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::level::Kind::Avx2 => {
                    // SAFETY: the level exists only where the CPU has these instructions.
                    unsafe { avx2($($arg),*) }
                }
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::level::Kind::Avx512Vnni => {
                    // SAFETY: the level exists only where the CPU has these instructions.
                    unsafe { avx512($($arg),*) }
                }
            }
        }
    };
}

pub(super) use dispatch;

#[cfg(all(test, target_arch = "aarch64"))]
mod tests {
    use super::*;

    #[test]
    fn neon_is_on_every_cpu() {
        assert!(Level::available().contains(&Level(Kind::Neon)));
    }

    #[test]
    #[ignore = "for `tests/aarch64/check`, which knows what CPU it runs on"]
    fn the_dot_product_is_found() {
        assert_eq!(Level::best(), Level(Kind::NeonDot));
    }
}
