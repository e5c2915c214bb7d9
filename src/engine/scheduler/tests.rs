use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// A cache that holds tokens, so that a wrong block table gives a wrong answer.
#[derive(Default)]
struct Memory(HashMap<(u32, usize), u32>);

impl Memory {
    /// Writes a chunk through its block table and reads the whole context back: the next token.
    fn compute(&mut self, sequence: &Sequence, chunk: Chunk, block_tokens: usize) -> u32 {
        let slot = |at: usize| {
            (
                sequence.blocks().table()[at / block_tokens],
                at % block_tokens,
            )
        };
        let end = chunk.start + chunk.len;
        for at in chunk.start..end {
            self.0.insert(slot(at), sequence.tokens()[at]);
        }
        next_token((0..end).map(|at| self.0[&slot(at)]))
    }
}

/// A deterministic function of all tokens so far.
fn next_token(tokens: impl Iterator<Item = u32>) -> u32 {
    tokens.fold(7, |hash, token| {
        (hash ^ token).wrapping_mul(0x9E37_79B1).rotate_left(5)
    }) % 1000
}

fn alone(prompt: &[u32], n_new: usize) -> Vec<u32> {
    let mut tokens = prompt.to_vec();
    for _ in 0..n_new {
        tokens.push(next_token(tokens.iter().copied()));
    }
    tokens
}

#[derive(Clone, Debug)]
enum Action {
    Submit { n_prompt: usize, n_new: usize },
    Cancel(usize),
    Step,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => (1_usize..20, 1_usize..12).prop_map(|(n_prompt, n_new)| Action::Submit { n_prompt, n_new }),
        1 => (0_usize..8).prop_map(Action::Cancel),
        5 => Just(Action::Step),
    ]
}

struct Bench {
    scheduler: Scheduler,
    memory: Memory,
    /// What must come out, and how long the prompt is.
    expected: HashMap<SequenceId, (Vec<u32>, usize)>,
    bounds: StepBounds,
}

impl Bench {
    fn step(&mut self) {
        let plan = self.scheduler.plan();
        self.scheduler.check();
        let n_tokens: usize = plan.chunks.iter().map(|chunk| chunk.len).sum();
        assert!(n_tokens <= self.bounds.max_tokens, "the budget holds");
        assert!(
            n_tokens > 0 || self.scheduler.is_empty(),
            "no step is empty"
        );
        let mut sampled = Vec::new();
        for chunk in &plan.chunks {
            let sequence = self.scheduler.running(chunk.id).unwrap();
            assert_eq!(chunk.start, sequence.computed());
            let token = self
                .memory
                .compute(sequence, *chunk, self.bounds.block_tokens);
            if chunk.samples {
                sampled.push((chunk.id, token));
            }
        }
        self.scheduler.advance(&plan);
        for (id, token) in sampled {
            self.scheduler.push(id, token);
            let tokens = self.scheduler.running(id).unwrap().tokens();
            let (expected, _) = &self.expected[&id];
            assert_eq!(tokens, &expected[..tokens.len()], "as if it ran alone");
            if tokens.len() == expected.len() {
                self.scheduler.remove(id).unwrap();
                self.expected.remove(&id);
            }
        }
        self.scheduler.check();
    }
}

proptest! {
    #[test]
    fn every_sequence_ends_with_the_tokens_of_a_lone_run(
        actions in prop::collection::vec(action(), 1..150),
        block_tokens in 1_usize..6,
        max_tokens in 1_usize..40,
        max_sequences in 1_usize..10,
        spare in 0_u32..8,
    ) {
        let bounds = StepBounds { block_tokens, max_tokens, max_sequences };
        // The longest sequence has 19 + 11 tokens and just fits alone.
        let n_blocks = u32::try_from(30_usize.div_ceil(block_tokens)).unwrap() + spare;
        let scheduler = Scheduler::new(bounds, n_blocks);
        let mut bench = Bench { scheduler, memory: Memory::default(), expected: HashMap::new(), bounds };
        for action in actions {
            match action {
                Action::Submit { n_prompt, n_new } => {
                    let start = u32::try_from(bench.expected.len()).unwrap();
                    let prompt: Vec<u32> = (start..).take(n_prompt).collect();
                    let expected = alone(&prompt, n_new);
                    let id = bench.scheduler.submit(prompt);
                    bench.expected.insert(id, (expected, n_prompt));
                }
                Action::Cancel(nth) => {
                    let mut ids: Vec<_> = bench.expected.keys().copied().collect();
                    ids.sort();
                    if let Some(id) = ids.get(nth) {
                        prop_assert!(bench.scheduler.remove(*id).is_some());
                        bench.expected.remove(id);
                    }
                }
                Action::Step => bench.step(),
            }
            bench.scheduler.check();
        }
        let left: usize = bench.expected.values().map(|(tokens, _)| tokens.len()).sum();
        // Each step ends with a token more for the oldest, or with a chunk of it; evictions cost again.
        for _ in 0..left * 40 {
            bench.step();
        }
        prop_assert!(bench.expected.is_empty(), "{} never ended", bench.expected.len());
        prop_assert_eq!(bench.scheduler.block_counts().used, 0);
    }
}

fn scheduler(max_tokens: usize, n_blocks: u32) -> Scheduler {
    let bounds = StepBounds {
        block_tokens: 4,
        max_tokens,
        max_sequences: 4,
    };
    Scheduler::new(bounds, n_blocks)
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
            (c.id.0, c.start, c.len, c.samples)
        })
        .collect()
}

#[test]
fn decodes_come_first_and_prompts_share_what_is_left() {
    let mut s = scheduler(6, 100);
    s.submit(vec![1; 3]);
    s.submit(vec![1; 10]);
    assert_eq!(run(&mut s), [(0, 0, 3, true), (1, 0, 3, false)]);
    assert_eq!(run(&mut s), [(0, 3, 1, true), (1, 3, 5, false)]);
    s.submit(vec![1; 2]);
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
    let old = s.submit(vec![1; 7]);
    let young = s.submit(vec![1; 3]);
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
            start: 0,
            len: 5,
            samples: true
        }
    );
    assert!(plan.admitted.is_empty(), "not for the first time");
}

#[test]
fn after_a_reset_those_that_waited_run() {
    let mut s = scheduler(4, 8);
    let lost = s.submit(vec![1; 4]);
    let kept = s.submit(vec![1; 4]);
    run(&mut s);
    assert_eq!(s.reset(8), [lost]);
    s.check();
    assert_eq!(s.plan().chunks[0].id, kept);
}
