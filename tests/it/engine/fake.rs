//! A scripted model and vocabulary: the next token is a function of all tokens in the cache.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};

use bailiwick::engine::{TextDecoder, TokenText};
use bailiwick::model::{
    BlockForm, CausalLm, KvCache, LogitRows, Logits, ModelError, RaggedBatch, Shape,
};

pub(super) const VOCAB: usize = 256;

/// What a test sees and steers of the model.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// Models made.
    pub(super) made: AtomicUsize,
    /// Steps computed.
    pub(super) steps: AtomicUsize,
    /// The most sequences in one step.
    pub(super) widest: AtomicUsize,
    /// Panic in the next step.
    pub(super) panics: AtomicBool,
    /// Return an error from the next step.
    pub(super) fails: AtomicBool,
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Script {
    /// Steps wait until [`Self::open`].
    pub(super) fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }

    pub(super) fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let closed = self.closed.lock().unwrap();
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
    }
}

pub(super) struct Fake {
    script: Arc<Script>,
    shape: Shape,
    block_tokens: usize,
    few: usize,
    slots: HashMap<(u32, usize), u32>,
}

impl Fake {
    pub(super) fn boxed(script: &Arc<Script>, block_tokens: usize) -> Box<dyn CausalLm> {
        Self::few(script, block_tokens, VOCAB)
    }

    /// One that likes only the first `few` tokens, so that its answers repeat themselves.
    pub(super) fn few(script: &Arc<Script>, block_tokens: usize, few: usize) -> Box<dyn CausalLm> {
        script.made.fetch_add(1, SeqCst);
        Box::new(Self {
            script: Arc::clone(script),
            shape: Shape {
                vocab: VOCAB,
                context: 512,
            },
            block_tokens,
            few,
            slots: HashMap::new(),
        })
    }
}

impl CausalLm for Fake {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn new_cache(&self, _: usize, _: BlockForm) -> Result<KvCache, ModelError> {
        Ok(KvCache::new(()))
    }

    fn block_bytes(&self, form: BlockForm) -> usize {
        form.tokens
    }

    fn block_format(&self, _: &KvCache) -> Option<String> {
        Some(format!("tokens, by {}", self.block_tokens))
    }

    /// A token of this vocabulary is a byte.
    fn read_block(&self, _: &KvCache, block: u32, out: &mut Vec<u8>) -> bool {
        let slots = (0..self.block_tokens).map(|slot| self.slots.get(&(block, slot)));
        let tokens = slots.map(|token| u8::try_from(*token?).ok());
        let before = out.len();
        out.extend(tokens.flatten());
        out.len() == before + self.block_tokens
    }

    fn write_block(&mut self, _: &mut KvCache, block: u32, bytes: &[u8]) -> bool {
        for (slot, token) in bytes.iter().enumerate() {
            self.slots.insert((block, slot), u32::from(*token));
        }
        bytes.len() == self.block_tokens
    }

    fn forward(&mut self, batch: &RaggedBatch, _: &mut KvCache) -> Result<Logits, ModelError> {
        self.script.pass();
        self.script.steps.fetch_add(1, SeqCst);
        self.script.widest.fetch_max(batch.sequences.len(), SeqCst);
        assert!(
            !self.script.panics.swap(false, SeqCst),
            "as the script says"
        );
        if self.script.fails.swap(false, SeqCst) {
            return Err(ModelError::Batch {
                problem: "scripted",
            });
        }
        let mut rows = Vec::new();
        for slice in &batch.sequences {
            let size = self.block_tokens;
            let slot = |at: usize| (slice.blocks[at / size], at % size);
            for (at, token) in (slice.context..).zip(&batch.tokens[slice.tokens.clone()]) {
                self.slots.insert(slot(at), *token);
            }
            let end = slice.context + slice.tokens.len();
            let ends = match slice.logits {
                LogitRows::None => end..end,
                LogitRows::Last => end - 1..end,
                LogitRows::All => slice.context..end,
            };
            for last in ends {
                let mut hash = (0..=last).fold(7_u32, |hash, at| {
                    (hash ^ self.slots[&slot(at)])
                        .wrapping_mul(0x9E37_79B1)
                        .rotate_left(5)
                });
                rows.extend((0..VOCAB).map(|token| {
                    hash = hash.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let logit = f32::from(u16::try_from(hash >> 16).unwrap()) / 16384.0;
                    if token < self.few {
                        logit
                    } else {
                        logit - 30.0
                    }
                }));
            }
        }
        Ok(Logits::new(rows, VOCAB))
    }
}

/// Every token is one letter; none ends an answer.
#[derive(Debug)]
pub(super) struct Letters;

impl TokenText for Letters {
    fn decoder(&self) -> Box<dyn TextDecoder> {
        Box::new(Self)
    }

    fn is_end(&self, _: u32) -> bool {
        false
    }

    fn n_tokens(&self) -> usize {
        VOCAB
    }
}

impl TextDecoder for Letters {
    fn push(&mut self, token: u32) -> Option<String> {
        char::from_u32(0x4E00 + token).map(String::from)
    }

    fn finish(&mut self) -> Option<String> {
        None
    }
}
