//! Each rule's arguments pass and each flipped one fails, by running the compiled filters.

use std::collections::BTreeSet;

use seccompiler::{BpfProgram, sock_filter};

use super::filter;
use super::rules::{self, CLONE3, Condition, Rule, TRIP_WIRE, Test, Width};

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const TRAP: u32 = libc::SECCOMP_RET_TRAP;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs();
const NOT_THERE: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;
/// i386, whose calls an x86_64 kernel takes too.
const FOREIGN: u32 = 0x4000_0003;

/// What a filter says of a call: a small interpreter of the instructions that seccomp allows.
fn run(program: &[sock_filter], architecture: u32, number: i64, arguments: [u64; 6]) -> u32 {
    let mut data = Vec::new();
    data.extend_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    data.extend_from_slice(&architecture.to_le_bytes());
    data.extend_from_slice(&[0; 8]);
    for argument in arguments {
        data.extend_from_slice(&argument.to_le_bytes());
    }
    let mut accumulator = 0_u32;
    let mut at = 0_usize;
    loop {
        let step = &program[at];
        let jump = |yes: bool| usize::from(if yes { step.jt } else { step.jf });
        at += 1;
        match step.code {
            0x20 => {
                let from = step.k as usize;
                accumulator = u32::from_le_bytes(data[from..from + 4].try_into().unwrap());
            }
            0x54 => accumulator &= step.k,
            0x05 => at += step.k as usize,
            0x15 => at += jump(accumulator == step.k),
            0x25 => at += jump(accumulator > step.k),
            0x35 => at += jump(accumulator >= step.k),
            0x06 => return step.k,
            other => panic!("instruction {other:#x}"),
        }
    }
}

fn holds(condition: &Condition, arguments: [u64; 6]) -> bool {
    let full = arguments[usize::from(condition.argument)];
    let (value, limit) = match condition.width {
        Width::Int => (full & 0xffff_ffff, 0xffff_ffff),
        Width::Long => (full, u64::MAX),
    };
    match condition.test {
        Test::Is(wanted) => value == wanted & limit,
        Test::Not(unwanted) => value != unwanted & limit,
        Test::Bits {
            mask,
            value: wanted,
        } => value & mask == wanted,
        Test::OwnProcess => value == u64::from(std::process::id()),
    }
}

fn matches(rules: &[Rule], number: i64, arguments: [u64; 6]) -> bool {
    let mut of_call = rules.iter().filter(|rule| rule.call.number == number);
    of_call.any(|rule| {
        rule.when
            .iter()
            .all(|condition| holds(condition, arguments))
    })
}

/// Arguments that satisfy every condition.
fn fitting(rule: &Rule) -> [u64; 6] {
    let mut arguments = [0; 6];
    for condition in rule.when {
        let argument = &mut arguments[usize::from(condition.argument)];
        *argument |= match condition.test {
            Test::Is(value) | Test::Bits { value, .. } => value,
            Test::Not(value) => value + 1,
            Test::OwnProcess => std::process::id().into(),
        };
    }
    arguments
}

/// The arguments with one condition broken, in each way that its test has.
fn broken(condition: &Condition, arguments: [u64; 6]) -> Vec<[u64; 6]> {
    let at = usize::from(condition.argument);
    let values = match condition.test {
        Test::Is(value) => vec![value ^ 1, value | 1 << 31, value.wrapping_add(1)],
        Test::Not(value) => vec![value],
        Test::OwnProcess => vec![1, u64::from(std::process::id()) + 1],
        Test::Bits { mask, .. } => (0..64)
            .filter(|bit| mask >> bit & 1 == 1)
            .map(|bit| arguments[at] ^ (1 << bit))
            .collect(),
    };
    let mut all: Vec<[u64; 6]> = values
        .into_iter()
        .map(|value| {
            let mut flipped = arguments;
            flipped[at] = value;
            flipped
        })
        .collect();
    if condition.width == Width::Long && matches!(condition.test, Test::Is(_)) {
        let mut high = arguments;
        high[at] |= 1 << 40;
        all.push(high);
    }
    all.retain(|flipped| !holds(condition, *flipped));
    all
}

/// Every rule's fitting arguments get `matched`; what the table doesn't match gets `otherwise`.
fn check(program: &BpfProgram, table: &[Rule], matched: u32, otherwise: u32) {
    let calls: BTreeSet<i64> = table.iter().map(|rule| rule.call.number).collect();
    for number in 0..600 {
        if !calls.contains(&number) {
            assert_eq!(
                run(program, ARCHITECTURE, number, [0; 6]),
                otherwise,
                "call {number}"
            );
        }
    }
    for rule in table {
        let (name, number) = (rule.call.name(), rule.call.number);
        let fits = fitting(rule);
        assert_eq!(
            run(program, ARCHITECTURE, number, fits),
            matched,
            "{name}: {}",
            rule.reason
        );
        // The upper half of a 32-bit argument is not looked at, by the kernel neither.
        for condition in rule.when {
            let mut refused = 0;
            let flips = broken(condition, fits);
            for flipped in &flips {
                let expected = if matches(table, number, *flipped) {
                    matched
                } else {
                    otherwise
                };
                assert_eq!(
                    run(program, ARCHITECTURE, number, *flipped),
                    expected,
                    "{name} {flipped:x?}"
                );
                refused += usize::from(expected == otherwise);
            }
            assert!(
                refused > 0,
                "{name}: no broken form of {condition:?} is refused"
            );
        }
    }
}

#[test]
fn the_allow_list_passes_its_rules_and_nothing_else() {
    let table: Vec<Rule> = rules::allowed().copied().collect();
    check(&filter::allow_list().unwrap(), &table, ALLOW, REFUSE);
}

#[test]
fn the_trip_wire_traps_its_rules_and_nothing_else() {
    check(&filter::trip_wire().unwrap(), TRIP_WIRE, TRAP, ALLOW);
}

#[test]
fn clone3_is_not_there() {
    check(&filter::no_clone3().unwrap(), CLONE3, NOT_THERE, ALLOW);
}

#[test]
fn foreign_calls_end_the_process_and_x32_calls_are_refused() {
    for program in [
        filter::no_clone3(),
        filter::trip_wire(),
        filter::allow_list(),
    ] {
        let program = program.unwrap();
        assert_eq!(
            run(&program, FOREIGN, libc::SYS_read, [0; 6]),
            libc::SECCOMP_RET_KILL_PROCESS
        );
    }
    let allow_list = filter::allow_list().unwrap();
    for rule in rules::allowed() {
        assert_eq!(
            run(
                &allow_list,
                ARCHITECTURE,
                rule.call.number | 0x4000_0000,
                fitting(rule)
            ),
            REFUSE
        );
    }
}

#[test]
fn nothing_executable_is_mapped() {
    let program = filter::allow_list().unwrap();
    for number in [libc::SYS_mmap, libc::SYS_mprotect] {
        for protection in 0..16_u64 {
            let verdict = run(
                &program,
                ARCHITECTURE,
                number,
                [0, 4096, protection, 0x22, 0, 0],
            );
            assert_eq!(
                verdict == ALLOW,
                protection & 4 == 0,
                "protection {protection}"
            );
        }
    }
}

#[test]
fn no_rule_is_redundant() {
    let allowed: Vec<&Rule> = rules::allowed().collect();
    let trips: Vec<&Rule> = TRIP_WIRE.iter().collect();
    for table in [allowed, trips] {
        for (at, rule) in table.iter().enumerate() {
            let name = rule.call.name();
            assert!(!rule.reason.is_empty() && !name.is_empty());
            for other in &table[at + 1..] {
                if rule.call.number != other.call.number {
                    continue;
                }
                // A rule that holds wherever another holds makes that one superfluous.
                let within =
                    |a: &Rule, b: &Rule| a.when.iter().all(|condition| b.when.contains(condition));
                assert!(!within(rule, other) && !within(other, rule), "{name} twice");
                let shadows = |a: &Rule, b: &Rule| {
                    a.when.iter().all(|condition| holds(condition, fitting(b)))
                };
                assert!(
                    !shadows(rule, other) || !shadows(other, rule),
                    "{name}: one rule covers the other"
                );
            }
        }
    }
}

#[test]
fn the_lists_do_not_contradict_each_other() {
    let allowed: Vec<Rule> = rules::allowed().copied().collect();
    for rule in TRIP_WIRE {
        assert!(
            !matches(&allowed, rule.call.number, fitting(rule)),
            "{} is on both lists",
            rule.call.name()
        );
    }
}
