use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::engine::limits::Priority;
use crate::engine::pace::Work;
use crate::engine::scheduler::StepBounds;
use crate::model::{BlockForm, KvCache, LogitRows, Logits, RaggedBatch, Shape};
use crate::types::{KvFormat, ManualClock, TenantSalt, Timestamp};

use super::*;

const VOCAB: u32 = 64;
const BLOCK_TOKENS: usize = 4;

/// What passes were computed: the tokens of each sequence.
type Passes = Arc<Mutex<Vec<Vec<Vec<u32>>>>>;

/// Counts: after each token comes the next number. Panics where it would read a slot that nobody wrote.
struct Counting {
    shape: Shape,
    written: HashSet<(u32, usize)>,
    passes: Passes,
    fails: bool,
}

impl Counting {
    fn boxed(passes: &Passes, fails: bool) -> Box<dyn CausalLm> {
        Box::new(Self {
            shape: Shape {
                vocab: VOCAB as usize,
                context: 40,
            },
            written: HashSet::new(),
            passes: Arc::clone(passes),
            fails,
        })
    }
}

impl CausalLm for Counting {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn new_cache(&self, _: usize, _: BlockForm) -> Result<KvCache, ModelError> {
        Ok(KvCache::new(()))
    }

    fn block_bytes(&self, form: BlockForm) -> usize {
        form.tokens
    }

    fn forward(&mut self, batch: &RaggedBatch, _: &mut KvCache) -> Result<Logits, ModelError> {
        if self.fails {
            return Err(ModelError::Device);
        }
        let (mut rows, mut pass) = (Vec::new(), Vec::new());
        for slice in &batch.sequences {
            let slot = |at: usize| (slice.blocks[at / BLOCK_TOKENS], at % BLOCK_TOKENS);
            let end = slice.context + slice.tokens.len();
            self.written.extend((slice.context..end).map(slot));
            assert!((0..end).all(|at| self.written.contains(&slot(at))));
            let tokens = batch.tokens[slice.tokens.clone()].to_vec();
            if slice.logits == LogitRows::Last {
                let next = (tokens.last().unwrap() + 1) % VOCAB;
                rows.extend((0..VOCAB).map(|token| if token == next { 30.0 } else { 0.0 }));
            }
            pass.push(tokens);
        }
        self.passes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(pass);
        Ok(Logits::new(rows, VOCAB as usize))
    }
}

/// A scheduler with decoding sequences, and a draft model beside it, which costs next to nothing.
struct Bench {
    scheduler: Scheduler,
    drafter: Drafter,
    passes: Passes,
    ids: Vec<SequenceId>,
    most: usize,
    most_read: usize,
    room: usize,
}

impl Bench {
    /// Of these prompts, each with one token computed from it; the draft's cache has room for `n_tokens`.
    fn new(prompts: &[&[u32]], n_tokens: usize) -> Self {
        let bounds = StepBounds {
            block_tokens: BLOCK_TOKENS,
            max_tokens: 256,
            max_sequences: 8,
            keeps_prefixes: true,
        };
        let passes = Passes::default();
        let own = Arc::clone(&passes);
        let model = DraftModel::new(move || Ok(Counting::boxed(&own, false)), n_tokens);
        let clock = ManualClock::at(Timestamp::from_millis(0));
        let mut drafter = Drafter::load(&model, &config(), clock).unwrap();
        for n_rows in [1, 2, 8] {
            drafter.pace.note(
                Work::of(0, n_rows),
                Duration::from_nanos(900 + 10 * n_rows as u64),
            );
        }
        let mut new = Self {
            scheduler: Scheduler::new(bounds, 100),
            drafter,
            passes,
            ids: Vec::new(),
            most: 3,
            most_read: 256,
            room: 256,
        };
        prompts.iter().for_each(|prompt| new.submit(prompt));
        new
    }

    fn submit(&mut self, prompt: &[u32]) {
        let owner = TenantSalt(7);
        let (newest, prompt) = prompt.split_last().unwrap();
        let id = self
            .scheduler
            .submit(owner, Priority::Interactive, prompt.to_vec());
        let plan = self.scheduler.plan();
        self.scheduler.advance(&plan);
        self.scheduler.push(id, *newest);
        self.ids.push(id);
    }

    fn try_draft(&mut self) -> Result<Vec<Drafted>, ModelError> {
        let wants: Vec<_> = (0..)
            .zip(&self.ids)
            .map(|(at, id)| Want {
                id: *id,
                at,
                most: self.most,
                ignores_end: false,
            })
            .collect();
        let step = Step {
            n_rows: wants.len(),
            cost: Some(Cost {
                fixed: 1.0,
                per_row: 1e-3,
            }),
            room: self.room,
            most_read: self.most_read,
            n_tokens: 60,
            is_end: &|token| token == 50,
        };
        self.drafter.draft(&self.scheduler, &wants, &step)
    }

    /// What is drafted for each sequence.
    fn draft(&mut self) -> Vec<Vec<u32>> {
        let mut all = vec![Vec::new(); self.ids.len()];
        for Drafted { at, tokens } in self.try_draft().unwrap() {
            all[at] = tokens;
        }
        all
    }

    /// The target says this next.
    fn say(&mut self, nth: usize, tokens: &[u32]) {
        for token in tokens {
            self.scheduler.push(self.ids[nth], *token);
        }
    }

    fn take_passes(&self) -> Vec<Vec<Vec<u32>>> {
        std::mem::take(&mut *self.passes.lock().unwrap())
    }

    fn used(&self) -> usize {
        self.drafter.n_blocks().1
    }
}

fn config() -> EngineConfig {
    EngineConfig {
        threads: 1,
        cores: Vec::new(),
        kv_cache_bytes: 1,
        kv_cache_format: KvFormat::F16,
        block_tokens: BLOCK_TOKENS,
        max_batch_tokens: 256,
        max_sequences: 8,
        queue_limit: 8,
        queue_timeout: Duration::from_secs(1),
        max_context: None,
        prefix_cache: true,
        saved_prefix_bytes: 0,
        speculation: true,
    }
}

#[test]
fn a_draft_continues_its_sequence() {
    for (prompt, most, expected) in [
        (&[1, 2, 3][..], 3, &[4, 5, 6][..]),
        (&[9, 9, 9, 9, 9, 9], 1, &[10]),
        // An end token has no successor, …
        (&[3, 48], 5, &[49, 50]),
        // … the vocabulary's last one none that it could be, and the context has an end.
        (&[3, 58], 5, &[59, 0, 1, 2, 3]),
        (&[8; 39], 5, &[9, 10]),
        (&[8; 40], 5, &[9]),
        (&[8; 41], 5, &[]),
        // A prompt that holds what the model does not know is not read.
        (&[1, VOCAB, 2], 3, &[]),
    ] {
        let mut bench = Bench::new(&[prompt], 200);
        bench.most = most;
        assert_eq!(bench.draft(), [expected], "{prompt:?}");
    }
}

#[test]
fn sequences_share_the_passes() {
    let mut bench = Bench::new(&[&[1, 2, 3], &[10, 11], &[47, 48]], 200);
    assert_eq!(
        bench.draft(),
        [vec![4, 5, 6], vec![12, 13, 14], vec![49, 50]]
    );
    let passes = bench.take_passes();
    assert_eq!(passes[0], [vec![10, 11], vec![47, 48], vec![1, 2, 3]]);
    assert_eq!(passes[1], [[12], [49], [4]]);
    assert_eq!(passes[2], [[13], [5]]);
    assert_eq!(passes.len(), 3);
}

#[test]
fn what_came_is_kept_and_what_did_not_is_read_anew() {
    for (said, read, expected) in [
        // The last drafted token was never read.
        (&[4, 5, 6, 7][..], &[6, 7][..], &[8, 9, 10][..]),
        (&[4, 20], &[20], &[21, 22, 23]),
        (&[20], &[20], &[21, 22, 23]),
        (&[4, 5], &[5], &[6, 7, 8]),
        // Look-up drafted for a while.
        (&[4, 5, 6, 30, 31, 32], &[6, 30, 31, 32], &[33, 34, 35]),
    ] {
        let mut bench = Bench::new(&[&[1, 2, 3]], 200);
        assert_eq!(bench.draft(), [[4, 5, 6]]);
        bench.take_passes();
        bench.say(0, said);
        assert_eq!(bench.draft(), [expected], "{said:?}");
        assert_eq!(bench.take_passes()[0], [read], "{said:?}");
    }
}

#[test]
fn a_long_prompt_is_read_in_parts() {
    let long: Vec<u32> = (0..20).collect();
    let mut bench = Bench::new(&[&long, &[30, 31]], 200);
    bench.most_read = 8;
    for (said, expected) in [
        (32, [vec![], vec![32, 33, 34]]),
        (33, [vec![], vec![33, 34, 35]]),
        (34, [vec![20, 21, 22], vec![34, 35, 36]]),
        (35, [vec![20, 21, 22], vec![35, 36, 37]]),
    ] {
        assert_eq!(bench.draft(), expected, "{said}");
        bench.say(1, &[said]);
    }
    assert!(
        bench
            .take_passes()
            .iter()
            .flatten()
            .all(|part| part.len() <= 8)
    );
}

#[test]
fn drafts_end_where_the_step_has_no_room() {
    for (room, expected) in [
        (9, [vec![4, 5, 6], vec![12, 13, 14]]),
        (5, [vec![4, 5], vec![12, 13, 14]]),
        (1, [vec![], vec![12]]),
        (0, [vec![], vec![]]),
    ] {
        let mut bench = Bench::new(&[&[1, 2, 3], &[10, 11]], 200);
        bench.room = room;
        assert_eq!(bench.draft(), expected, "{room}");
    }
}

#[test]
fn a_sequence_that_the_cache_has_no_room_for_gets_no_drafts() {
    // Three blocks: the long one needs four.
    let long: Vec<u32> = (0..14).collect();
    let mut bench = Bench::new(&[&long, &[30, 31]], 12);
    assert_eq!(bench.draft(), [vec![], vec![32, 33, 34]]);
    assert_eq!(bench.used(), 1);
    bench.take_passes();
    bench.say(1, &[40]);
    assert_eq!(bench.draft(), [vec![], vec![41, 42, 43]]);
    assert!(bench.take_passes()[0].len() == 1, "it is not tried again");
    // What grows out of it has none either, and gives its room back.
    bench.say(1, &[9; 12]);
    assert_eq!(bench.draft(), [[0; 0]; 2]);
    assert_eq!(bench.used(), 0);
}

#[test]
fn what_ends_gives_its_blocks_back_and_can_be_found_again() {
    let prompt: Vec<u32> = (0..11).collect();
    let mut bench = Bench::new(&[&prompt], 200);
    assert_eq!(bench.draft(), [[11, 12, 13]]);
    assert!(bench.used() > 2);
    let id = bench.ids.remove(0);
    bench.drafter.forget(id);
    drop(bench.scheduler.remove(id));
    assert_eq!(bench.used(), 0);
    bench.take_passes();
    bench.submit(&prompt);
    assert_eq!(bench.draft(), [[11, 12, 13]]);
    assert_eq!(bench.take_passes()[0], [[8, 9, 10]], "two blocks are known");
    // One that does not run any more is forgotten by itself.
    drop(bench.scheduler.remove(bench.ids.remove(0)));
    assert_eq!(bench.draft(), Vec::<Vec<u32>>::new());
    assert_eq!(bench.used(), 0);
}

#[test]
fn wrong_drafts_end_drafting_and_right_ones_make_them_longer() {
    let mut bench = Bench::new(&[&[1, 2, 3]], 200);
    bench.most = 12;
    let id = bench.ids[0];
    let mut lengths = Vec::new();
    for step in 0..30 {
        let n_draft = bench.draft()[0].len();
        lengths.push(n_draft);
        bench.drafter.learn(id, n_draft, 0);
        bench.say(0, &[step % 3]);
    }
    // It costs next to nothing here, so it is tried again soon.
    let last: usize = lengths.iter().rev().take(10).sum();
    assert!(lengths[0] > 1 && last < 10, "{lengths:?}");
    // The next sequence begins with what was learned, which is less.
    let chances = bench.drafter.chances;
    assert!(chances.of_next() < Chances::default().of_next());
    assert!(chances.of_next() > bench.drafter.followers[&id].chances.of_next());
    let mut bench = Bench::new(&[&[1, 2, 3]], 200);
    bench.most = 12;
    for _ in 0..30 {
        let n_draft = bench.draft()[0].len();
        bench.drafter.learn(bench.ids[0], n_draft, n_draft);
    }
    assert_eq!(bench.draft()[0].len(), 12);
}

#[test]
fn nothing_is_read_for_an_answer_that_is_too_short_to_pay() {
    let long: Vec<u32> = (0..30).map(|at| at % 7).collect();
    for (most, per_row, drafts) in [(2, 1_000_000, false), (120, 1_000_000, true), (2, 1, true)] {
        let mut bench = Bench::new(&[&long], 200);
        bench.most = most;
        for n_rows in (1..9).cycle().take(400) {
            let took = Duration::from_nanos(n_rows * per_row * 100);
            bench
                .drafter
                .pace
                .note(Work::of(0, usize::try_from(n_rows).unwrap()), took);
        }
        // It is read in two parts.
        let any = (0..3).any(|_| !bench.draft()[0].is_empty());
        assert_eq!(any, drafts, "{most} {per_row}");
    }
}

#[test]
fn a_failure_is_told() {
    let clock = ManualClock::at(Timestamp::from_millis(0));
    let load = |fails: bool, n_tokens: usize| {
        let model = DraftModel::new(
            move || Ok(Counting::boxed(&Passes::default(), fails)),
            n_tokens,
        );
        Drafter::load(&model, &config(), clock.clone())
    };
    let mut bench = Bench::new(&[&[1, 2, 3]], 200);
    bench.drafter = load(true, 200).unwrap();
    assert!(bench.try_draft().is_err());
    let refused = load(false, BLOCK_TOKENS - 1).err();
    assert!(matches!(refused, Some(EngineError::CacheTooSmall { .. })));
    let none = DraftModel::new(|| Err(ModelError::Device), 200);
    assert!(Drafter::load(&none, &config(), clock.clone()).is_err());
}
