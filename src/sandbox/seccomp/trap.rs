//! The SIGSYS handler: counts what was tried, lets the call fail, and goes on.
//!
//! It runs at any instruction of any thread, so it touches only its own stack, the saved registers and
//! atomics: no allocation, no lock, no pointer of the caller. What it has to remember lies in statics
//! because a signal handler is given no context.
#![expect(unsafe_code, reason = "a signal handler edits saved registers")]

use std::io;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::rules;
use crate::sandbox::SandboxError;
use crate::sandbox::trips::{Trip, TripCount, Trips};

/// Attempts that are remembered one by one; the counters know all.
const RING: usize = 128;

/// System-call numbers with a counter of their own; both architectures end below.
const CALLS: usize = 512;

static COUNTS: [AtomicU64; CALLS] = [const { AtomicU64::new(0) }; CALLS];
static TOTAL: AtomicU64 = AtomicU64::new(0);
static SLOTS: [Slot; RING] = [const { Slot::new() }; RING];
/// The thread that is testing us on purpose; 0: none.
static TESTER: AtomicI64 = AtomicI64::new(0);
static ONE_TEST: Mutex<()> = Mutex::new(());

/// One remembered attempt. A reader that finds the same sequence before and after has a whole one.
struct Slot {
    sequence: AtomicU64,
    call: AtomicU64,
    arguments: [AtomicU64; 3],
    thread: AtomicU64,
}

impl Slot {
    const fn new() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            call: AtomicU64::new(0),
            arguments: [const { AtomicU64::new(0) }; 3],
            thread: AtomicU64::new(0),
        }
    }
}

/// While it lives, calls of this thread are a test and not an attempt.
#[derive(Debug)]
pub(crate) struct Testing(
    #[expect(dead_code, reason = "held, so that one test runs at a time")] MutexGuard<'static, ()>,
);

impl Testing {
    pub(crate) fn start() -> Self {
        let turn = ONE_TEST.lock().unwrap_or_else(PoisonError::into_inner);
        TESTER.store(thread_id(), Ordering::SeqCst);
        Self(turn)
    }
}

impl Drop for Testing {
    fn drop(&mut self) {
        TESTER.store(0, Ordering::SeqCst);
    }
}

/// What the trip-wire saw since the start. Self-tests aren't counted.
#[must_use]
pub fn trips() -> Trips {
    let by_call = COUNTS.iter().zip(0_i64..).filter_map(|(count, number)| {
        let count = count.load(Ordering::Relaxed);
        (count > 0).then(|| TripCount {
            call: rules::trip_name(number),
            count,
        })
    });
    let mut recent: Vec<Trip> = SLOTS.iter().filter_map(read).collect();
    recent.sort_unstable_by_key(|trip| trip.sequence);
    Trips {
        total: TOTAL.load(Ordering::Relaxed),
        by_call: by_call.collect(),
        recent,
    }
}

fn read(slot: &Slot) -> Option<Trip> {
    let sequence = slot.sequence.load(Ordering::Acquire);
    let trip = Trip {
        sequence,
        call: rules::trip_name(slot.call.load(Ordering::Acquire).cast_signed()),
        arguments: [0, 1, 2].map(|at: usize| {
            slot.arguments
                .get(at)
                .map_or(0, |a| a.load(Ordering::Acquire))
        }),
        thread: slot.thread.load(Ordering::Acquire),
    };
    (sequence != 0 && slot.sequence.load(Ordering::Acquire) == sequence).then_some(trip)
}

/// Must stand before the trip-wire does: with no handler, SIGSYS ends the process.
pub(crate) fn install() -> Result<(), SandboxError> {
    let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = on_sigsys;
    // SAFETY: a zeroed `sigaction` is a valid one.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as usize;
    // On the thread's alternative stack where it has one; not deferred, so that an attempt inside another
    // handler is seen too.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: the pointer is to a live value, and the handler is async-signal-safe.
    let done = unsafe { libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut()) };
    if done == 0 {
        return Ok(());
    }
    Err(SandboxError::Step {
        step: "install the trip-wire's handler",
        source: io::Error::last_os_error(),
    })
}

extern "C" fn on_sigsys(_signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    /// `si_code` of a signal that a filter raised; anything else was sent by somebody.
    const SYS_SECCOMP: i32 = 1;
    // SAFETY: the kernel hands a valid `siginfo_t` to a handler installed with SA_SIGINFO.
    if unsafe { (*info).si_code } != SYS_SECCOMP {
        return;
    }
    // SAFETY: the third argument of such a handler is the thread's saved context, ours until we return.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let (call, arguments) = registers::call(context);
    let thread = thread_id();
    if TESTER.load(Ordering::SeqCst) != thread {
        count(call, arguments, thread);
    }
    registers::answer(context, -i64::from(libc::EPERM));
}

fn count(call: u64, arguments: [u64; 3], thread: i64) {
    let sequence = TOTAL.fetch_add(1, Ordering::Relaxed) + 1;
    let number = usize::try_from(call).unwrap_or(CALLS).min(CALLS - 1);
    if let Some(counter) = COUNTS.get(number) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    let place = usize::try_from(sequence % RING as u64).unwrap_or(0);
    let Some(slot) = SLOTS.get(place) else { return };
    slot.sequence.store(0, Ordering::Release);
    slot.call.store(call, Ordering::Release);
    for (to, from) in slot.arguments.iter().zip(arguments) {
        to.store(from, Ordering::Release);
    }
    slot.thread.store(thread.cast_unsigned(), Ordering::Release);
    slot.sequence.store(sequence, Ordering::Release);
}

fn thread_id() -> i64 {
    // SAFETY: takes nothing and can't fail.
    unsafe { libc::syscall(libc::SYS_gettid) }
}

/// The kernel has put the registers back as they were before the call, so its number is there too.
#[cfg(target_arch = "x86_64")]
mod registers {
    pub(super) fn call(context: &libc::ucontext_t) -> (u64, [u64; 3]) {
        let saved = |register: i32| {
            let at = usize::try_from(register).unwrap_or(usize::MAX);
            context
                .uc_mcontext
                .gregs
                .get(at)
                .map_or(0, |value| value.cast_unsigned())
        };
        (
            saved(libc::REG_RAX),
            [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX].map(saved),
        )
    }

    pub(super) fn answer(context: &mut libc::ucontext_t, value: i64) {
        let at = usize::try_from(libc::REG_RAX).unwrap_or(usize::MAX);
        if let Some(result) = context.uc_mcontext.gregs.get_mut(at) {
            *result = value;
        }
    }
}

/// The kernel has put the registers back as they were before the call, so its number is there too.
#[cfg(target_arch = "aarch64")]
mod registers {
    pub(super) fn call(context: &libc::ucontext_t) -> (u64, [u64; 3]) {
        let saved = |at: usize| context.uc_mcontext.regs.get(at).copied().unwrap_or(0);
        (saved(8), [0, 1, 2].map(saved))
    }

    pub(super) fn answer(context: &mut libc::ucontext_t, value: i64) {
        if let Some(result) = context.uc_mcontext.regs.first_mut() {
            *result = value.cast_unsigned();
        }
    }
}
