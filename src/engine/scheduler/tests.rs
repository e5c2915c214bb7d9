use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

const TENANT: TenantSalt = TenantSalt(1);
const OTHER: TenantSalt = TenantSalt(2);

/// A cache that holds tokens and whose they are, so that a wrong block table gives a wrong answer.
#[derive(Default)]
struct Memory(HashMap<(u32, usize), (TenantSalt, u32)>);

impl Memory {
    /// Writes a chunk and its draft through the block table and reads the whole context back: the token after
    /// the chunk, and those after each drafted token.
    fn compute(&mut self, sequence: &Sequence, chunk: Chunk, block_tokens: usize) -> Vec<u32> {
        let slot = |at: usize| {
            (
                sequence.blocks().table()[at / block_tokens],
                at % block_tokens,
            )
        };
        let end = chunk.start + chunk.len;
        let new = &sequence.tokens()[chunk.start..end];
        for (at, token) in (chunk.start..).zip(new.iter().chain(sequence.draft())) {
            self.0.insert(slot(at), (sequence.tenant(), *token));
        }
        let read = |at: usize| {
            let (tenant, token) = self.0[&slot(at)];
            let common = at < sequence.scope().n_common;
            assert!(
                common || tenant == sequence.tenant(),
                "nobody reads another tenant's"
            );
            token
        };
        (end..=end + chunk.n_draft)
            .map(|end| next_token((0..end).map(read)))
            .collect()
    }
}

/// A deterministic function of all tokens so far; few different ones, so that drafts and prefixes meet.
fn next_token(tokens: impl Iterator<Item = u32>) -> u32 {
    tokens.fold(7, |hash, token| {
        (hash ^ token).wrapping_mul(0x9E37_79B1).rotate_left(5)
    }) % 3
}

fn alone(prompt: &[u32], n_new: usize) -> Vec<u32> {
    let mut tokens = prompt.to_vec();
    for _ in 0..n_new {
        tokens.push(next_token(tokens.iter().copied()));
    }
    tokens
}

#[derive(Clone, Debug)]
struct Submit {
    tenant: u64,
    batch: bool,
    kind: u32,
    n_prompt: usize,
    n_new: usize,
    /// So many tokens are all tenants'; with `pins` they stay.
    n_common: usize,
    pins: bool,
}

#[derive(Clone, Debug)]
enum Action {
    Submit(Submit),
    Cancel(usize),
    /// A step that drafts so many tokens for each, of which so many are right.
    Step(usize, usize),
    Fail,
    Reset,
}

fn action() -> impl Strategy<Value = Action> {
    let common = prop_oneof![Just((0_usize, false)), (0_usize..9, any::<bool>())];
    let sizes = (1_usize..20, 1_usize..12);
    let submit = (0_u64..3, any::<bool>(), 0_u32..2, sizes, common).prop_map(
        |(tenant, batch, kind, (n_prompt, n_new), (n_common, pins))| {
            Action::Submit(Submit {
                tenant,
                batch,
                kind,
                n_prompt,
                n_new,
                n_common: n_common.min(n_prompt),
                pins,
            })
        },
    );
    prop_oneof![
        20 => submit,
        8 => (0_usize..8).prop_map(Action::Cancel),
        60 => (0_usize..5, 0_usize..5).prop_map(|(n, right)| Action::Step(n, right)),
        1 => Just(Action::Fail),
        1 => Just(Action::Reset),
    ]
}

struct Bench {
    scheduler: Scheduler,
    memory: Memory,
    /// What must come out.
    expected: HashMap<SequenceId, Vec<u32>>,
    pins: HashSet<SequenceId>,
    bounds: StepBounds,
}

impl Bench {
    fn submit(&mut self, ask: &Submit) {
        let prompt: Vec<u32> = (0..)
            .map(|i| i % (2 + ask.kind))
            .take(ask.n_prompt)
            .collect();
        let priority = if ask.batch {
            Priority::Batch
        } else {
            Priority::Interactive
        };
        let expected = alone(&prompt, ask.n_new);
        let owner = Owner {
            n_common: ask.n_common,
            ..TenantSalt(ask.tenant).into()
        };
        let id = self.scheduler.submit(owner, priority, prompt);
        self.expected.insert(id, expected);
        if ask.pins {
            self.pins.insert(id);
        }
    }

    fn cancel(&mut self, id: SequenceId) {
        if self.pins.remove(&id) {
            self.scheduler.pin(id);
        } else {
            assert!(self.scheduler.remove(id).is_some());
        }
        self.expected.remove(&id);
    }

    fn draft(&mut self, plan: &mut Plan, n_draft: usize, n_right: usize) {
        for at in 0..plan.chunks.len() {
            let chunk = plan.chunks[at];
            if !chunk.samples || chunk.len > 1 {
                continue;
            }
            let expected = &self.expected[&chunk.id][chunk.start + 1..];
            let drafted =
                expected.iter().enumerate().map(
                    |(nth, token)| {
                        if nth < n_right { *token } else { token + 1 }
                    },
                );
            // The last token needs no successor.
            let most = n_draft.min(expected.len() - 1);
            let draft: Vec<u32> = drafted.take(most).collect();
            self.scheduler.add_draft(plan, at, &draft);
        }
        self.scheduler.check();
    }

    fn step(&mut self, n_draft: usize, n_right: usize) {
        let mut plan = self.scheduler.plan();
        self.scheduler.check();
        self.draft(&mut plan, n_draft, n_right);
        assert!(plan.n_rows() <= self.bounds.max_tokens, "the budget holds");
        assert!(
            plan.n_rows() > 0 || self.scheduler.is_empty(),
            "no step is empty"
        );
        let mut sampled = Vec::new();
        for chunk in &plan.chunks {
            let sequence = self.scheduler.running(chunk.id).unwrap();
            assert_eq!(chunk.start, sequence.computed());
            let block_tokens = self.bounds.block_tokens;
            let tokens = self.memory.compute(sequence, *chunk, block_tokens);
            if chunk.samples {
                sampled.push((*chunk, tokens));
            }
        }
        self.scheduler.advance(&plan);
        for (chunk, tokens) in sampled {
            for (n_taken, token) in tokens.into_iter().enumerate() {
                let agrees = self.scheduler.push(chunk.id, token);
                let found = self.scheduler.running(chunk.id).unwrap().tokens();
                let expected = &self.expected[&chunk.id];
                assert_eq!(found, &expected[..found.len()], "as if it ran alone");
                if found.len() == expected.len() {
                    self.cancel(chunk.id);
                    break;
                }
                if !agrees {
                    assert_eq!(n_taken, n_right.min(chunk.n_draft));
                    break;
                }
            }
        }
        self.scheduler.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_sequence_ends_with_the_tokens_of_a_lone_run(
        actions in prop::collection::vec(action(), 1..150),
        block_tokens in 1_usize..6,
        max_tokens in 1_usize..40,
        max_sequences in 1_usize..10,
        keeps_prefixes in any::<bool>(),
        spare in 0_u32..8,
    ) {
        let bounds = StepBounds { block_tokens, max_tokens, max_sequences, keeps_prefixes };
        // The longest sequence has 19 + 11 tokens and just fits alone.
        let n_blocks = u32::try_from(30_usize.div_ceil(block_tokens)).unwrap() + spare;
        let scheduler = Scheduler::new(bounds, n_blocks);
        let mut bench = Bench { scheduler, memory: Memory::default(), expected: HashMap::new(), pins: HashSet::new(), bounds };
        for action in actions {
            match action {
                Action::Submit(ask) => bench.submit(&ask),
                Action::Cancel(nth) => {
                    let mut ids: Vec<_> = bench.expected.keys().copied().collect();
                    ids.sort();
                    if let Some(id) = ids.get(nth) {
                        bench.cancel(*id);
                    }
                }
                Action::Step(n_draft, n_right) => bench.step(n_draft, n_right),
                Action::Fail => {
                    let plan = bench.scheduler.plan();
                    bench.scheduler.forget_prefixes();
                    plan.chunks.iter().for_each(|chunk| bench.cancel(chunk.id));
                }
                Action::Reset => {
                    for id in bench.scheduler.reset(n_blocks) {
                        bench.expected.remove(&id);
                    }
                    bench.memory = Memory::default();
                }
            }
            bench.scheduler.check();
        }
        let left: usize = bench.expected.values().map(Vec::len).sum();
        // Each step ends with a token more for some sequence, or with a chunk of it; evictions cost again.
        for _ in 0..left * 40 {
            bench.step(0, 0);
        }
        prop_assert!(bench.expected.is_empty(), "{} never ended", bench.expected.len());
        let (used, pinned) = (bench.scheduler.block_counts().used, bench.scheduler.n_pinned());
        // Two may have pinned the same.
        prop_assert!(used <= pinned && (used > 0) == (pinned > 0), "{} used, {} pinned", used, pinned);
        prop_assert!(pinned * PINNED_SHARE <= bench.scheduler.block_counts().total);
    }
}

#[test]
fn what_is_pinned_stays_until_somebody_needs_all() {
    let mut s = scheduler(64, 16);
    let prompt: Vec<u32> = (0..9).collect();
    let owner = |tenant| Owner {
        n_common: 8,
        ..Owner::from(tenant)
    };
    let first = s.submit(owner(TENANT), Priority::Interactive, prompt.clone());
    run(&mut s);
    s.pin(first);
    s.check();
    assert_eq!(s.n_pinned(), 2);
    // Others fill the rest of the cache and go: what is pinned is found all the same.
    let long = ask(&mut s, OTHER, (100..150).collect());
    run(&mut s);
    assert!(s.remove(long).is_some());
    let second = s.submit(owner(OTHER), Priority::Interactive, prompt);
    let plan = s.plan();
    assert_eq!(plan.admitted.first().map(|own| own.n_cached), Some(8));
    s.advance(&plan);
    assert!(s.remove(second).is_some());
    // Who runs alone and needs everything gets it: first what is free, then the rest, then two tokens more.
    let whole = ask(&mut s, OTHER, (200..262).collect());
    for _ in 0..4 {
        run(&mut s);
        s.check();
    }
    assert_eq!(
        (s.n_pinned(), s.running(whole).unwrap().computed()),
        (0, 64)
    );
}

fn scheduler(max_tokens: usize, n_blocks: u32) -> Scheduler {
    let bounds = StepBounds {
        block_tokens: 4,
        max_tokens,
        max_sequences: 4,
        keeps_prefixes: true,
    };
    Scheduler::new(bounds, n_blocks)
}

fn ask(s: &mut Scheduler, tenant: TenantSalt, prompt: Vec<u32>) -> SequenceId {
    s.submit(tenant, Priority::Interactive, prompt)
}

/// Runs the plan with token 0 for each sample.
fn run(scheduler: &mut Scheduler) -> Vec<(u64, usize, usize, bool)> {
    let plan = scheduler.plan();
    scheduler.advance(&plan);
    plan.chunks
        .iter()
        .map(|c| {
            if c.samples {
                scheduler.push(c.id, 0);
            }
            (c.id.number, c.start, c.len, c.samples)
        })
        .collect()
}

#[test]
fn decodes_come_first_and_prompts_share_what_is_left() {
    let mut s = scheduler(6, 100);
    ask(&mut s, TENANT, vec![1; 3]);
    ask(&mut s, TENANT, vec![2; 10]);
    assert_eq!(run(&mut s), [(0, 0, 3, true), (1, 0, 3, false)]);
    assert_eq!(run(&mut s), [(0, 3, 1, true), (1, 3, 5, false)]);
    ask(&mut s, TENANT, vec![3; 2]);
    assert_eq!(
        run(&mut s),
        [(0, 4, 1, true), (1, 8, 2, true), (2, 0, 2, true)]
    );
    assert_eq!(
        run(&mut s),
        [(0, 5, 1, true), (1, 10, 1, true), (2, 2, 1, true)]
    );
}

#[test]
fn the_youngest_gives_way_and_comes_back_with_its_tokens() {
    let mut s = scheduler(16, 4);
    let old = ask(&mut s, TENANT, vec![1; 7]);
    let young = ask(&mut s, TENANT, vec![2; 3]);
    assert_eq!(run(&mut s).len(), 2);
    // 8 and 4 tokens fill three blocks; then both need one, and one is free.
    assert_eq!(run(&mut s).len(), 2);
    let plan = s.plan();
    assert_eq!((plan.n_preempted, plan.chunks.len()), (1, 1));
    assert_eq!(plan.chunks[0].id, old);
    s.advance(&plan);
    s.push(old, 0);
    s.check();
    s.remove(old);
    let plan = s.plan();
    assert_eq!(
        plan.chunks[0],
        Chunk {
            id: young,
            // Its first block was idle and still there.
            start: 4,
            len: 1,
            n_draft: 0,
            samples: true
        }
    );
    assert!(plan.admitted.is_empty(), "not for the first time");
}

#[test]
fn while_one_lacks_blocks_nobody_else_takes_them() {
    let mut s = scheduler(8, 9);
    let first = ask(&mut s, OTHER, vec![1; 12]);
    run(&mut s);
    run(&mut s);
    let long = ask(&mut s, TENANT, vec![2; 24]);
    for _ in 0..4 {
        run(&mut s);
    }
    assert!(s.running(long).unwrap().pending() > 1, "it lacks blocks");
    let newcomer = ask(&mut s, TenantSalt(3), vec![3; 2]);
    s.remove(first);
    let chunks_of = |plan: &Plan| plan.chunks.iter().map(|c| c.id).collect::<Vec<_>>();
    let plan = s.plan();
    assert_eq!(chunks_of(&plan), [long]);
    s.advance(&plan);
    s.push(long, 0);
    assert_eq!(chunks_of(&s.plan()), [long, newcomer]);
}

#[test]
fn what_was_computed_is_not_computed_again() {
    let mut s = scheduler(64, 100);
    let prompt: Vec<u32> = (0..10).collect();
    let first = ask(&mut s, TENANT, prompt.clone());
    run(&mut s);
    let like = ask(&mut s, TENANT, prompt.clone());
    let other = ask(&mut s, OTHER, prompt.clone());
    let exact = ask(&mut s, TENANT, prompt[..8].to_vec());
    let plan = s.plan();
    let cached = plan.admitted.iter().map(|a| (a.id, a.n_cached));
    let mut cached: Vec<_> = cached.collect();
    cached.sort();
    // The last token is always computed, so a prompt of whole blocks misses one.
    assert_eq!(cached, [(like, 8), (other, 0), (exact, 4)]);
    s.advance(&plan);
    for id in [first, like, other, exact] {
        s.push(id, 0);
    }
    s.check();
    for id in [first, like, other, exact] {
        s.remove(id);
    }
    assert_eq!(s.block_counts().used, 0);
    let again = ask(&mut s, TENANT, prompt);
    let n_cached = 8;
    assert_eq!(
        s.plan().admitted,
        [Admission {
            id: again,
            n_cached
        }]
    );
}

#[test]
fn turns_are_fair_between_tenants() {
    let mut s = scheduler(8, 100);
    // One caller sends ten long prompts, then another one a short one.
    for kind in 0..10 {
        ask(&mut s, TENANT, vec![kind; 40]);
    }
    assert_eq!(run(&mut s), [(0, 0, 8, false)]);
    assert_eq!(run(&mut s), [(0, 8, 8, false)]);
    ask(&mut s, OTHER, vec![9; 6]);
    // It starts level, as if it had had 16 tokens; the first come goes first.
    assert_eq!(run(&mut s), [(0, 16, 8, false)]);
    assert_eq!(run(&mut s), [(10, 0, 6, true), (0, 24, 2, false)]);
    // From here on both get the same, until the other is done.
    let mut given = HashMap::new();
    for kind in 0..4 {
        ask(&mut s, OTHER, vec![20 + kind; 40]);
    }
    for _ in 0..20 {
        for (number, _, len, _) in run(&mut s) {
            let tenant = if number < 10 { TENANT } else { OTHER };
            *given.entry(tenant).or_insert(0) += len;
        }
    }
    let (a, b) = (given[&TENANT], given[&OTHER]);
    assert!(usize::abs_diff(a, b) <= 16, "{a} and {b} tokens");
}

#[test]
fn who_pauses_saves_nothing_up() {
    let mut s = scheduler(8, 100);
    ask(&mut s, TENANT, vec![1; 200]);
    for _ in 0..20 {
        run(&mut s);
    }
    // Without a level start, the newcomer's 200 tokens would all go first.
    ask(&mut s, OTHER, vec![2; 200]);
    let mut given = [0, 0];
    for _ in 0..5 {
        for (number, _, len, _) in run(&mut s) {
            given[usize::try_from(number).unwrap()] += len;
        }
    }
    assert!(given[0] >= 16 && given[1] >= 16, "{given:?}");
}

#[test]
fn batch_work_gives_way() {
    let mut s = scheduler(8, 100);
    let batch = |s: &mut Scheduler, kind| s.submit(TENANT, Priority::Batch, vec![kind; 2]);
    for kind in 0..5 {
        batch(&mut s, kind);
    }
    assert_eq!(run(&mut s).len(), 4, "all places are taken");
    let urgent = ask(&mut s, TENANT, vec![9; 2]);
    let plan = s.plan();
    assert_eq!((plan.n_preempted, plan.chunks.len()), (1, 4));
    assert!(plan.chunks.iter().any(|chunk| chunk.id == urgent));
    s.check();
}

#[test]
fn a_draft_takes_only_what_is_left() {
    // Two sequences of three tokens in a block of four each; a free block for either is not for drafts.
    for (max_tokens, n_blocks, expected) in [(8, 4, 1), (5, 8, 3), (8, 8, 4)] {
        let mut s = scheduler(max_tokens, n_blocks);
        ask(&mut s, TENANT, vec![1, 2]);
        ask(&mut s, OTHER, vec![1, 2]);
        run(&mut s);
        let mut plan = s.plan();
        s.add_draft(&mut plan, 0, &[7, 7, 7, 7]);
        assert_eq!(plan.chunks[0].n_draft, expected, "{max_tokens} {n_blocks}");
        s.advance(&plan);
        assert!(s.push(plan.chunks[0].id, 7));
        assert!(
            !s.push(plan.chunks[0].id, 8),
            "the draft ends with what is wrong"
        );
        s.push(plan.chunks[1].id, 7);
        s.check();
    }
}

#[test]
fn after_a_reset_those_that_waited_run() {
    let mut s = scheduler(4, 8);
    let lost = ask(&mut s, TENANT, vec![1; 4]);
    let kept = ask(&mut s, TENANT, vec![2; 4]);
    run(&mut s);
    assert_eq!(s.reset(8), [lost]);
    s.check();
    assert_eq!(s.plan().chunks[0].id, kept);
}

#[test]
fn a_long_prompt_does_not_hold_up_decoding() {
    let mut s = scheduler(256, 1000);
    ask(&mut s, TENANT, vec![1; 3]);
    // A machine with 4 ms a step and 1 ms a token.
    let timed = |s: &mut Scheduler| {
        let plan = s.plan();
        s.advance(&plan);
        for chunk in plan.chunks.iter().filter(|chunk| chunk.samples) {
            s.push(chunk.id, 0);
        }
        let n_rows = u64::try_from(plan.n_rows()).unwrap();
        s.note_time(&plan, Duration::from_millis(4 + n_rows));
        plan.n_rows()
    };
    for _ in 0..10 {
        timed(&mut s);
    }
    ask(&mut s, OTHER, vec![2; 600]);
    let rows: Vec<_> = (0..20).map(|_| timed(&mut s)).collect();
    // The first chunk teaches what a token costs.
    assert!(
        rows[3..].iter().all(|rows| (2..=17).contains(rows)),
        "{rows:?}"
    );
}
