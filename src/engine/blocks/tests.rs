use std::collections::HashMap;

use proptest::prelude::*;

use crate::types::TenantSalt;

use super::*;

const SALT: TenantSalt = TenantSalt(1);

fn pool(total: u32) -> BlockPool {
    BlockPool::new(total, 2, true)
}

/// Blocks of a whole prompt, computed and published.
fn computed(pool: &BlockPool, salt: TenantSalt, tokens: &[u32]) -> Blocks {
    let mut blocks = pool.find(salt, tokens);
    assert!(blocks.grow_to(tokens.len().div_ceil(2)));
    blocks.publish(salt, tokens, tokens.len());
    blocks
}

#[test]
fn growing_takes_all_or_none() {
    let pool = pool(4);
    let mut a = pool.empty();
    let mut b = pool.empty();
    assert!(a.grow_to(3));
    assert!(!b.grow_to(2));
    assert_eq!((a.len(), b.len(), pool.n_available()), (3, 0, 1));
    assert!(a.grow_to(2), "already held");
    assert_eq!(a.len(), 3);
    drop(a);
    assert!(b.grow_to(4));
    pool.check(4);
}

#[test]
fn what_all_have_in_common_is_found_by_all_and_the_rest_by_its_tenant() {
    let pool = pool(16);
    let scope = |own, n_common| Scope {
        own: TenantSalt(own),
        common: TenantSalt(0),
        n_common,
    };
    let tokens = [1, 2, 3, 4, 5, 6, 7];
    let mut first = pool.find(scope(1, 5), &tokens);
    assert!(first.grow_to(4));
    first.publish(scope(1, 5), &tokens, tokens.len());
    let found = |scope: Scope, tokens: &[u32]| pool.find(scope, tokens).len();
    for (scope, tokens, n_blocks) in [
        (scope(1, 5), &tokens[..], 3),
        // The third block has a token that only its tenant's prompt has for certain.
        (scope(2, 5), &tokens, 2),
        (scope(2, 4), &tokens, 2),
        (scope(2, 3), &tokens, 1),
        (scope(2, 0), &tokens, 0),
        (scope(2, 5), &[1, 2, 9, 9, 9], 1),
    ] {
        assert_eq!(found(scope, tokens), n_blocks, "{scope:?} {tokens:?}");
    }
    // Kept is what can be found, and of that no more than is asked.
    first.keep_known(2);
    assert_eq!((first.len(), pool.counts().idle), (2, 1));
    pool.check(2);
    drop(first);
    pool.check(0);
    let mut unpublished = pool.empty();
    assert!(unpublished.grow_to(3));
    unpublished.keep_known(2);
    assert_eq!(unpublished.len(), 0);
}

#[test]
fn a_prefix_is_found_by_its_tokens_and_its_tenant() {
    let pool = pool(16);
    let first = computed(&pool, SALT, &[1, 2, 3, 4, 5]);
    let table = first.table().to_vec();
    let found = |salt, tokens: &[u32]| pool.find(salt, tokens).table().to_vec();
    for (salt, tokens, n_blocks) in [
        (SALT, &[1, 2, 3, 4, 5][..], 2),
        (SALT, &[1, 2, 3, 4], 1),
        (SALT, &[1, 2, 3], 1),
        (SALT, &[1, 2], 0),
        (SALT, &[], 0),
        (SALT, &[1, 2, 4, 3, 5], 1),
        // The same tokens at another place are another stretch.
        (SALT, &[3, 4, 5, 6], 0),
        (TenantSalt(2), &[1, 2, 3, 4, 5], 0),
    ] {
        assert_eq!(found(salt, tokens), table[..n_blocks], "{tokens:?}");
    }
    drop(first);
    assert_eq!(pool.counts().idle, 2, "the block that is not full is free");
    assert_eq!(found(SALT, &[1, 2, 3, 4, 5]), table[..2]);
    pool.forget_prefixes();
    assert_eq!(pool.counts().idle, 0);
    assert!(found(SALT, &[1, 2, 3, 4, 5]).is_empty());
    pool.check(0);
}

#[test]
fn what_two_computed_is_kept_once() {
    let pool = pool(16);
    let (mut a, mut b) = (pool.empty(), pool.empty());
    assert!(a.grow_to(2) && b.grow_to(2));
    a.publish(SALT, &[1, 2, 3, 4], 4);
    b.publish(SALT, &[1, 2, 9, 9], 4);
    assert_eq!(a.table()[0], b.table()[0]);
    assert_ne!(a.table()[1], b.table()[1]);
    assert_eq!(pool.counts().used, 3);
    pool.check(4);
    drop(a);
    pool.check(2);
    assert_eq!(
        pool.counts(),
        BlockCounts {
            total: 16,
            used: 2,
            idle: 1
        }
    );
}

#[test]
fn what_was_used_longest_ago_goes_first_and_children_before_parents() {
    let pool = pool(4);
    drop(computed(&pool, SALT, &[1, 2, 3, 4]));
    drop(computed(&pool, SALT, &[5, 6, 7, 8]));
    // Used again: the other one is older now.
    assert_eq!(pool.find(SALT, &[1, 2, 3, 4, 0]).len(), 2);
    let mut more = pool.empty();
    let known = |tokens: &[u32]| pool.find(SALT, tokens).len();
    assert!(more.grow_to(1));
    assert_eq!((known(&[5, 6, 7, 8, 0]), known(&[1, 2, 3, 4, 0])), (1, 2));
    // The look just now made the first one newer still.
    assert!(more.grow_to(2));
    assert_eq!((known(&[5, 6, 7, 8, 0]), known(&[1, 2, 3, 4, 0])), (0, 2));
    assert!(more.grow_to(3));
    assert_eq!(known(&[1, 2, 3, 4, 0]), 1);
    assert!(!more.grow_to(5));
    pool.check(3);
}

#[test]
fn who_published_before_a_forgetting_does_not_go_on() {
    let pool = pool(4);
    let mut held = pool.empty();
    assert!(held.grow_to(2));
    held.publish(SALT, &[1, 2, 3, 4], 2);
    pool.forget_prefixes();
    held.publish(SALT, &[1, 2, 3, 4], 4);
    assert_eq!(pool.find(SALT, &[1, 2, 3, 4, 5]).len(), 0);
    drop(held);
    assert_eq!(pool.counts().idle, 0);
    pool.check(0);
}

#[test]
fn without_prefixes_nothing_is_kept() {
    let pool = BlockPool::new(4, 2, false);
    drop(computed(&pool, SALT, &[1, 2, 3, 4]));
    assert_eq!(pool.counts().idle, 0);
    assert!(pool.find(SALT, &[1, 2, 3, 4, 5]).table().is_empty());
}

#[derive(Clone, Debug)]
enum Action {
    Grow(usize, usize),
    Find(usize, u64, Vec<u32>),
    Publish(usize, usize),
    Drop(usize),
    Forget,
}

fn action() -> impl Strategy<Value = Action> {
    let prompt = prop::collection::vec(0_u32..2, 0..9);
    prop_oneof![
        8 => (0_usize..6, 0_usize..9).prop_map(|(at, n)| Action::Grow(at, n)),
        8 => (0_usize..6, 0_u64..2, prompt).prop_map(|(at, salt, tokens)| Action::Find(at, salt, tokens)),
        8 => (0_usize..6, 0_usize..12).prop_map(|(at, n)| Action::Publish(at, n)),
        4 => (0_usize..6).prop_map(Action::Drop),
        1 => Just(Action::Forget),
    ]
}

proptest! {
    /// Nothing is lost, and a block that is found holds what it is found for.
    #[test]
    fn every_block_is_accounted_for(actions in prop::collection::vec(action(), 1..200)) {
        let pool = BlockPool::new(8, 2, true);
        let mut held: Vec<(TenantSalt, Vec<u32>, Blocks)> =
            (0..6).map(|_| (SALT, Vec::new(), pool.empty())).collect();
        // What each block holds, as if a model had written it: salt and all tokens up to its end.
        let mut memory: HashMap<u32, (TenantSalt, Vec<u32>)> = HashMap::new();
        for action in actions {
            match action {
                Action::Grow(at, n) => { let _ = held[at].2.grow_to(n); }
                Action::Drop(at) => held[at] = (SALT, Vec::new(), pool.empty()),
                Action::Forget => pool.forget_prefixes(),
                Action::Find(at, salt, tokens) => {
                    let salt = TenantSalt(salt);
                    let blocks = pool.find(salt, &tokens);
                    prop_assert!(blocks.len() * 2 < tokens.len().max(1));
                    for (n, block) in blocks.table().iter().enumerate() {
                        let expected = (salt, tokens[..n * 2 + 2].to_vec());
                        prop_assert_eq!(memory.get(block), Some(&expected));
                    }
                    held[at] = (salt, tokens, blocks);
                }
                Action::Publish(at, n) => {
                    let (salt, tokens, blocks) = &mut held[at];
                    let n = n.min(tokens.len()).min(blocks.len() * 2).max(blocks.n_published * 2);
                    // Written before it is published, as by a step.
                    for own in blocks.n_published..n / 2 {
                        memory.insert(blocks.table()[own], (*salt, tokens[..own * 2 + 2].to_vec()));
                    }
                    blocks.publish(*salt, tokens, n);
                }
            }
            pool.check(held.iter().map(|(_, _, blocks)| blocks.len()).sum());
        }
        held.clear();
        prop_assert_eq!(pool.n_available(), 8);
    }
}

/// What a pool lists, put into another one, is found there as far as that has room.
fn check_listed(from: &BlockPool, prompts: &[(u64, Vec<u32>)], most: usize, room: u32) {
    let listed = from.list(most);
    assert!(listed.len() <= most);
    for (place, (_, stretch)) in listed.iter().enumerate() {
        assert!(stretch.parent.is_none_or(|parent| parent < place));
    }
    let known: Vec<_> = listed.iter().map(|(_, stretch)| stretch.clone()).collect();
    let to = pool(room);
    let mut blocks = to.empty();
    let fits = known.len().min(index(room));
    assert!(blocks.grow_to(fits));
    blocks.publish_listed(&known[..fits]);
    to.check(blocks.len());
    drop(blocks);
    to.check(0);
    assert_eq!(to.counts().idle, fits);
    // Again listed, they come in the same order.
    let again: Vec<_> = to.list(fits).into_iter().map(|(_, own)| own).collect();
    let tokens = |own: &Listed| (own.salt, Arc::clone(&own.tokens));
    assert!(
        again
            .iter()
            .map(tokens)
            .eq(known[..fits].iter().map(tokens))
    );
    for (salt, prompt) in prompts {
        let (old, new) = (
            from.find(TenantSalt(*salt), prompt),
            to.find(TenantSalt(*salt), prompt),
        );
        assert!(new.len() <= old.len());
        if fits == from.counts().idle + from.counts().used {
            assert_eq!(new.len(), old.len(), "{salt} {prompt:?}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_listed_is_found_in_another_pool(
        prompts in prop::collection::vec((0_u64..3, prop::collection::vec(0_u32..3, 1..12)), 1..20),
        n_held in 0_usize..4,
        most in 0_usize..40,
        room in 0_u32..40,
    ) {
        let pool = pool(256);
        let held: Vec<_> = prompts
            .iter()
            .map(|(salt, tokens)| computed(&pool, TenantSalt(*salt), tokens))
            .enumerate()
            .filter_map(|(at, blocks)| (at < n_held).then_some(blocks))
            .collect();
        for most in [most, usize::MAX] {
            check_listed(&pool, &prompts, most, room);
            check_listed(&pool, &prompts, most, 256);
        }
        drop(held);
        pool.check(0);
    }

    #[test]
    fn a_list_with_repetitions_keeps_each_stretch_once(
        parents in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 0_u32..2), 0..12),
    ) {
        let stretch = |(place, (parent, is_first, token)): (usize, &(prop::sample::Index, bool, u32))| Listed {
            salt: SALT,
            parent: (place > 0 && !is_first).then(|| parent.index(place)),
            tokens: [*token, 0].into(),
        };
        let listed: Vec<_> = parents.iter().enumerate().map(stretch).collect();
        let pool = pool(32);
        let mut blocks = pool.empty();
        prop_assert!(blocks.grow_to(listed.len()));
        blocks.publish_listed(&listed);
        drop(blocks);
        let counts = pool.counts();
        prop_assert!(counts.used == 0 && counts.idle <= listed.len());
    }
}
