//! Tables of rules → BPF programs.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::rules::{self, Condition, Rule, Test, Width};
use crate::sandbox::SandboxError;

/// Error numbers of the filters; the same on both architectures.
const EPERM: u32 = libc::EPERM.unsigned_abs();
const ENOSYS: u32 = libc::ENOSYS.unsigned_abs();

/// The first filter.
pub(crate) fn no_clone3() -> Result<BpfProgram, SandboxError> {
    compile(
        rules::CLONE3,
        SeccompAction::Allow,
        SeccompAction::Errno(ENOSYS),
    )
}

/// The second filter.
pub(crate) fn trip_wire() -> Result<BpfProgram, SandboxError> {
    compile(rules::TRIP_WIRE, SeccompAction::Allow, SeccompAction::Trap)
}

/// The third filter.
pub(crate) fn allow_list() -> Result<BpfProgram, SandboxError> {
    let rules: Vec<Rule> = rules::allowed().copied().collect();
    compile(&rules, SeccompAction::Errno(EPERM), SeccompAction::Allow)
}

fn compile(
    rules: &[Rule],
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, SandboxError> {
    program(rules, otherwise, matched).map_err(|source| SandboxError::Compile { source })
}

fn program(
    rules: &[Rule],
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let mut chains: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        let chain = chains.entry(rule.call.number).or_default();
        if !rule.when.is_empty() {
            let conditions = rule.when.iter().map(condition).collect::<Result<_, _>>()?;
            chain.push(SeccompRule::new(conditions)?);
        }
    }
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(chains, otherwise, matched, architecture)?.try_into()
}

fn condition(condition: &Condition) -> Result<SeccompCondition, BackendError> {
    let length = match condition.width {
        Width::Int => SeccompCmpArgLen::Dword,
        Width::Long => SeccompCmpArgLen::Qword,
    };
    let (operator, value) = match condition.test {
        Test::Is(value) => (SeccompCmpOp::Eq, value),
        Test::Not(value) => (SeccompCmpOp::Ne, value),
        Test::Bits { mask, value } => (SeccompCmpOp::MaskedEq(mask), value),
        Test::OwnProcess => (SeccompCmpOp::Eq, u64::from(std::process::id())),
    };
    SeccompCondition::new(condition.argument, length, operator, value)
}
