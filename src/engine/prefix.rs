//! Which blocks hold which stretches of which prompts, so that none is computed twice.
//!
//! A stretch is known by its tokens, the stretch before it, and the salt of the tenant whose it is: no
//! tenant can find, nor learn by timing, what another one sent. What a use case says before the first value of a
//! record is the same for all, and the operator's: those stretches have a salt of their own. The tokens themselves are compared, not
//! a digest of them. A known stretch is a [`Node`], numbered once and never again, so that a block that
//! was taken for something else can't be mistaken for the parent that it was.
//!
//! A node's block is held or idle. Whoever holds a block holds its parent's too, and gives it back
//! later; so the idle block that was given back first is never the parent of a known one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::types::TenantSalt;

use super::blocks::index;

/// Whose the stretches of a prompt are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// The tenant's.
    pub(super) own: TenantSalt,
    /// That of what all tenants have in common.
    pub(super) common: TenantSalt,
    /// So many tokens, from the first, are the same for all tenants: a use case's words, and nobody's data.
    pub(super) n_common: usize,
}

impl Scope {
    /// The salt of a stretch that ends before the token at `end`.
    pub(super) fn of(&self, end: usize) -> TenantSalt {
        if end <= self.n_common {
            self.common
        } else {
            self.own
        }
    }
}

impl From<TenantSalt> for Scope {
    fn from(own: TenantSalt) -> Self {
        Self {
            own,
            common: own,
            n_common: 0,
        }
    }
}

/// A known stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node(u64);

/// Known stretches and their blocks.
#[derive(Debug)]
pub(super) struct PrefixIndex {
    found: HashMap<Stretch, (u32, Node)>,
    /// By block: what it holds.
    known: Vec<Option<Known>>,
    /// Blocks without holder, by the time at which the last one went.
    idle: BTreeMap<u64, u32>,
    /// Numbers nodes and times.
    next: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Stretch {
    salt: TenantSalt,
    parent: Option<Node>,
    tokens: Arc<[u32]>,
}

#[derive(Debug)]
struct Known {
    stretch: Stretch,
    node: Node,
    idle_since: Option<u64>,
}

/// A known stretch as it stands in a list in which parents come before their children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) salt: TenantSalt,
    /// The parent's place in the list.
    pub(super) parent: Option<usize>,
    pub(super) tokens: Arc<[u32]>,
}

impl PrefixIndex {
    /// Nothing known of `n_blocks` blocks.
    pub(super) fn new(n_blocks: usize) -> Self {
        Self {
            found: HashMap::new(),
            known: (0..n_blocks).map(|_| None).collect(),
            idle: BTreeMap::new(),
            next: 0,
        }
    }

    pub(super) fn n_idle(&self) -> usize {
        self.idle.len()
    }

    #[cfg(any(test, debug_assertions))]
    pub(super) fn idle(&self) -> impl Iterator<Item = u32> + '_ {
        self.idle.values().copied()
    }

    /// The block that holds `tokens` after `parent`; it is not idle any more.
    pub(super) fn take(
        &mut self,
        salt: TenantSalt,
        parent: Option<Node>,
        tokens: &[u32],
    ) -> Option<(u32, Node)> {
        let stretch = Stretch {
            salt,
            parent,
            tokens: tokens.into(),
        };
        let (block, node) = *self.found.get(&stretch)?;
        let known = self.known.get_mut(index(block))?.as_mut()?;
        if let Some(since) = known.idle_since.take() {
            self.idle.remove(&since);
        }
        Some((block, node))
    }

    /// Makes it known that `own`, which is held, has `tokens` after `parent`. Returns the block that
    /// holds them from now on: another one where they were known before.
    pub(super) fn publish(
        &mut self,
        salt: TenantSalt,
        parent: Option<Node>,
        tokens: &[u32],
        own: u32,
    ) -> (u32, Node) {
        if let Some(known) = self.take(salt, parent, tokens) {
            return known;
        }
        let node = Node(self.number());
        let stretch = Stretch {
            salt,
            parent,
            tokens: tokens.into(),
        };
        self.found.insert(stretch.clone(), (own, node));
        if let Some(known) = self.known.get_mut(index(own)) {
            *known = Some(Known {
                stretch,
                node,
                idle_since: None,
            });
        }
        (own, node)
    }

    /// Nobody holds `block` any more. Says whether it is idle now; otherwise nothing is known of it.
    pub(super) fn release(&mut self, block: u32) -> bool {
        let now = self.number();
        let Some(Some(known)) = self.known.get_mut(index(block)) else {
            return false;
        };
        known.idle_since = Some(now);
        self.idle.insert(now, block);
        true
    }

    /// Forgets the idle block that was used longest ago, and gives it.
    pub(super) fn take_oldest(&mut self) -> Option<u32> {
        let (_, block) = self.idle.pop_first()?;
        if let Some(known) = self.known.get_mut(index(block)).and_then(Option::take) {
            self.found.remove(&known.stretch);
        }
        Some(block)
    }

    /// Up to `most` of what is known, with its blocks: what is held, then what was used last. Parents come before their
    /// children, whatever `most` is.
    pub(super) fn list(&self, most: usize) -> Vec<(u32, Listed)> {
        let mut known: Vec<(u32, &Known)> = (0_u32..)
            .zip(&self.known)
            .filter_map(|(block, known)| Some((block, known.as_ref()?)))
            .collect();
        // Of an idle chain the parent was given back last; of a held one it was numbered first.
        known.sort_by_key(|(_, known)| {
            let since = known.idle_since.unwrap_or(u64::MAX);
            (std::cmp::Reverse(since), known.node.0)
        });
        known.truncate(most);
        let (mut places, mut list) = (HashMap::new(), Vec::with_capacity(known.len()));
        for (block, known) in known {
            let stretch = known.stretch.clone();
            // Without its parent it would stand at the beginning, where its keys and values are wrong.
            let parent = match stretch.parent.map(|parent| places.get(&parent)) {
                None => None,
                Some(Some(place)) => Some(*place),
                Some(None) => continue,
            };
            places.insert(known.node, list.len());
            let listed = Listed {
                salt: stretch.salt,
                parent,
                tokens: stretch.tokens,
            };
            list.push((block, listed));
        }
        list
    }

    /// Forgets everything, and gives the blocks that were idle.
    pub(super) fn clear(&mut self) -> Vec<u32> {
        self.found.clear();
        self.known.iter_mut().for_each(|known| *known = None);
        std::mem::take(&mut self.idle).into_values().collect()
    }

    /// Panics unless the index agrees with itself, and nothing is known of the `free` blocks.
    #[cfg(any(test, debug_assertions))]
    pub(super) fn check(&self, free: &[u32]) {
        let known: Vec<_> = (0_u32..)
            .zip(&self.known)
            .filter_map(|(block, known)| Some((block, known.as_ref()?)))
            .collect();
        assert_eq!(known.len(), self.found.len(), "each stretch has one block");
        let nodes: HashMap<Node, &Known> = known
            .iter()
            .map(|(_, known)| (known.node, *known))
            .collect();
        for (block, known) in &known {
            let found = self.found.get(&known.stretch);
            assert_eq!(
                found,
                Some(&(*block, known.node)),
                "it is found by its content"
            );
            if let Some(since) = known.idle_since {
                assert_eq!(self.idle.get(&since), Some(block));
            }
            if let Some(parent) = known.stretch.parent {
                let parent = nodes.get(&parent);
                assert!(parent.is_some(), "the parent of a known stretch is known");
                // A held block counts as given back at the end of time.
                let given_back = |known: &Known| known.idle_since.unwrap_or(u64::MAX);
                let idle = known.idle_since.is_some();
                assert!(
                    parent.is_none_or(|parent| {
                        let since = given_back(parent);
                        since > given_back(known) || (!idle && since == u64::MAX)
                    }),
                    "a parent is given back after its children"
                );
            }
        }
        let n_idle = known.iter().filter(|(_, known)| known.idle_since.is_some());
        assert_eq!(n_idle.count(), self.idle.len());
        assert!(
            free.iter()
                .all(|block| self.known.get(index(*block)).is_some_and(Option::is_none)),
            "nothing is known of a free block"
        );
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_lost_its_parent_is_not_listed_as_a_beginning() {
        let salt = TenantSalt(3);
        let mut index = PrefixIndex::new(4);
        let (_, parent) = index.publish(salt, None, &[1, 2], 0);
        index.publish(salt, Some(parent), &[3, 4], 1);
        let tokens = |index: &PrefixIndex| -> Vec<_> {
            let listed = index.list(usize::MAX);
            listed.iter().map(|(_, own)| own.tokens.to_vec()).collect()
        };
        assert_eq!(tokens(&index), [[1, 2], [3, 4]]);
        index.release(0);
        assert_eq!(index.take_oldest(), Some(0));
        assert!(tokens(&index).is_empty());
    }
}
