//! Which instructions the CPU has.

use std::fmt;

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
}

impl Level {
    /// Plain code, the reference for all others.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// Every level that this CPU has, the best last.
    pub fn available() -> Vec<Self> {
        #[cfg_attr(
            not(target_arch = "x86_64"),
            expect(unused_mut, reason = "nothing is added elsewhere")
        )]
        let mut levels = vec![Self::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
        {
            levels.push(Self(Kind::Avx2));
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vnni")
            {
                levels.push(Self(Kind::Avx512Vnni));
            }
        }
        levels
    }

    /// The best level that this CPU has.
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::PORTABLE)
    }

    pub(super) fn kind(self) -> Kind {
        self.0
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
                $crate::kernels::level::Kind::Portable => $body::<false>($($arg),*),
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
