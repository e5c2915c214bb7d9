//! Who waits, and whose turn it is.
//!
//! Between tenants the one that was served least goes first: its virtual time is the tokens that were
//! computed for it (Sheng et al. 2024, "Fairness in Serving Large Language Models"). One that comes back
//! after a pause starts at the least time of those that are there, so that nobody saves up. Within a
//! tenant the first come is first served, and a higher priority goes before everything else.

use std::collections::{HashMap, VecDeque};

use crate::types::TenantSalt;

use super::limits::Priority;
use super::sequence::{Sequence, SequenceId};

/// The place in the order of turns; the least is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    priority: Priority,
    served: u64,
    number: u64,
}

impl Turn {
    /// What counts first.
    pub(super) fn priority(self) -> Priority {
        self.priority
    }
}

/// Sequences that wait, and what each tenant was given.
#[derive(Debug, Default)]
pub(super) struct Queue {
    tenants: HashMap<TenantSalt, Tenant>,
    n_waiting: usize,
}

#[derive(Debug, Default)]
struct Tenant {
    /// Tokens computed for it, on the scale that all share.
    served: u64,
    /// Its sequences, waiting or running.
    n_present: usize,
    waiting: [VecDeque<Waiting>; Priority::ALL.len()],
}

/// A sequence that waits: new, or evicted.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) sequence: Sequence,
    pub(super) is_new: bool,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.n_waiting
    }

    /// A new sequence comes: at the end of its tenant's line.
    pub(super) fn enter(&mut self, sequence: Sequence) {
        let salt = sequence.tenant();
        let present = self.tenants.values().filter(|tenant| tenant.n_present > 0);
        let floor = present.map(|tenant| tenant.served).min();
        let tenant = self.tenants.entry(salt).or_default();
        if tenant.n_present == 0 {
            tenant.served = tenant.served.max(floor.unwrap_or(0));
        }
        tenant.n_present += 1;
        tenant.line(sequence.id().priority).push_back(Waiting {
            sequence,
            is_new: true,
        });
        self.n_waiting += 1;
    }

    /// An evicted sequence comes back: by its rank, before those that came later.
    pub(super) fn put_back(&mut self, waiting: Waiting) {
        let id = waiting.sequence.id();
        let tenant = self.tenants.entry(waiting.sequence.tenant()).or_default();
        let line = tenant.line(id.priority);
        let at = line.partition_point(|other| other.sequence.id() < id);
        line.insert(at, waiting);
        self.n_waiting += 1;
    }

    /// Whose turn is next, and in which line.
    pub(super) fn next(&self) -> Option<(Turn, TenantSalt)> {
        let heads = self.tenants.iter().filter_map(|(salt, tenant)| {
            let line = tenant.waiting.iter().find(|line| !line.is_empty())?;
            let id = line.front()?.sequence.id();
            Some((tenant.turn(id), *salt))
        });
        heads.min_by_key(|(turn, _)| *turn)
    }

    /// The sequence whose turn is next for `tenant`.
    pub(super) fn head(&self, tenant: TenantSalt) -> Option<&Waiting> {
        let lines = &self.tenants.get(&tenant)?.waiting;
        lines.iter().find_map(VecDeque::front)
    }

    /// Takes the sequence whose turn is next for `tenant`.
    pub(super) fn pop(&mut self, tenant: TenantSalt) -> Option<Waiting> {
        let lines = &mut self.tenants.get_mut(&tenant)?.waiting;
        let taken = lines.iter_mut().find_map(VecDeque::pop_front)?;
        self.n_waiting -= 1;
        Some(taken)
    }

    /// Takes a waiting sequence out.
    pub(super) fn remove(&mut self, id: SequenceId) -> Option<Sequence> {
        for tenant in self.tenants.values_mut() {
            let line = tenant.line(id.priority);
            if let Ok(at) = line.binary_search_by_key(&id, |waiting| waiting.sequence.id()) {
                let removed = line.remove(at)?;
                self.n_waiting -= 1;
                return Some(removed.sequence);
            }
        }
        None
    }

    /// The turn of a sequence of `tenant` that runs.
    pub(super) fn turn(&self, tenant: TenantSalt, id: SequenceId) -> Turn {
        let known = self.tenants.get(&tenant);
        known.map_or_else(|| Tenant::default().turn(id), |known| known.turn(id))
    }

    /// Notes that `n_tokens` are computed for `tenant`.
    pub(super) fn charge(&mut self, tenant: TenantSalt, n_tokens: usize) {
        if let Some(tenant) = self.tenants.get_mut(&tenant) {
            let n_tokens = u64::try_from(n_tokens).unwrap_or(u64::MAX);
            tenant.served = tenant.served.saturating_add(n_tokens);
        }
    }

    /// One of the tenant's sequences has ended. Tenants are remembered while that makes a difference: while
    /// they were given more than the least of those that are here.
    pub(super) fn leave(&mut self, tenant: TenantSalt) {
        if let Some(tenant) = self.tenants.get_mut(&tenant) {
            tenant.n_present = tenant.n_present.saturating_sub(1);
        }
        let present = self.tenants.values().filter(|tenant| tenant.n_present > 0);
        let floor = present.map(|tenant| tenant.served).min();
        let floor = floor.unwrap_or(u64::MAX);
        self.tenants
            .retain(|_, tenant| tenant.n_present > 0 || tenant.served > floor);
    }

    #[cfg(any(test, debug_assertions))]
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Waiting> + '_ {
        let lines = self.tenants.values().flat_map(|tenant| &tenant.waiting);
        lines.flatten()
    }

    pub(super) fn waiting_mut(&mut self) -> impl Iterator<Item = &mut Waiting> + '_ {
        let tenants = self.tenants.values_mut();
        tenants.flat_map(|tenant| &mut tenant.waiting).flatten()
    }

    /// Panics unless the counts are right; `n_running` sequences run.
    #[cfg(any(test, debug_assertions))]
    pub(super) fn check(&self, n_running: usize) {
        let n_waiting = self.waiting().count();
        assert_eq!(n_waiting, self.n_waiting);
        let n_present: usize = self.tenants.values().map(|tenant| tenant.n_present).sum();
        assert_eq!(n_present, n_waiting + n_running, "all are somewhere");
        for tenant in self.tenants.values() {
            for line in &tenant.waiting {
                let ids = line.iter().map(|waiting| waiting.sequence.id());
                assert!(ids.is_sorted(), "a line is in the order of arrival");
            }
        }
    }
}

impl Tenant {
    fn line(&mut self, priority: Priority) -> &mut VecDeque<Waiting> {
        &mut self.waiting[priority as usize]
    }

    fn turn(&self, id: SequenceId) -> Turn {
        Turn {
            priority: id.priority,
            served: self.served,
            number: id.number,
        }
    }
}
