//! The recogniser of names and places in free text: a small network of the node's own.
//!
//! | step | file |
//! |---|---|
//! | a text in blocks, a block in pieces, pieces in words | [`words`] |
//! | words in windows that the model takes | [`windows`] |
//! | windows of all texts of a request together through the model | [`Tagger`] |
//! | logits to labels | [`labels`] |
//! | labels to finds, held to what a name can be | [`spans`] |
//! | what was found is remembered, not the text | [`cache`] |
//!
//! What is found in a text depends on that text alone. Memory is bounded however long texts are, and so is time: a request
//! that takes longer is refused, never let through half read.

mod cache;
mod labels;
mod source;
mod spans;
#[cfg(test)]
pub(super) mod tests;
mod windows;
mod words;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::model::tagger::{MAX_ROWS, TaggedToken, Tagger};
use crate::tokenizer::{PlacedPiece, WordPieces};
use crate::types::{Clock as _, Digest, Name, SystemClock, TenantSalt};

use self::cache::{Cache, TextKey, TextKeys};
use self::labels::Labels;
pub use self::source::NamesError;
pub(super) use self::spans::NameFind;
use self::windows::Windows;
use self::words::{Word, words};
use super::error::RedactError;

/// Bytes of a text that are cut into pieces at a time.
const BLOCK: usize = 32 << 10;
/// Rows that wait for their passes at a time: what is kept of a text beside its finds.
const PENDING_ROWS: usize = 16 * MAX_ROWS;

/// How the recogniser computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamesOptions {
    /// Threads that compute, the caller's included.
    pub threads: usize,
    /// The longest that the texts of one request may take, waiting for others included.
    pub time_limit: Duration,
    /// Bytes that remembered finds may take.
    pub cache_bytes: usize,
}

/// The recogniser: a model, its vocabulary, and what was found before.
pub struct NameFinder {
    tagger: Tagger,
    pieces: WordPieces,
    labels: Labels,
    name: Name,
    digest: Digest,
    keys: TextKeys,
    cache: Mutex<Cache>,
    time_limit: Duration,
}

/// Two threads, or one where there is no more; a minute; 8 MiB.
impl Default for NamesOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            threads: cores.min(2),
            time_limit: Duration::from_secs(60),
            cache_bytes: 8 << 20,
        }
    }
}

impl NameFinder {
    /// The model's name.
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The digest of the model's files.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What is found in each of `texts`, in order; remembered for the tenant `salt`, if any.
    ///
    /// # Errors
    ///
    /// [`RedactError::NamesTooSlow`] over the time limit, [`RedactError::Names`] when the model fails.
    pub(super) fn find(
        &self,
        salt: Option<TenantSalt>,
        texts: &[&str],
    ) -> Result<Vec<Arc<[NameFind]>>, RedactError> {
        let mut found: Vec<Option<Arc<[NameFind]>>> = Vec::with_capacity(texts.len());
        let mut unknown: Vec<(usize, Option<TextKey>)> = Vec::new();
        {
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            for (index, text) in texts.iter().enumerate() {
                // A text without a letter holds no name.
                if !text.contains(char::is_alphabetic) {
                    found.push(Some(Arc::default()));
                    continue;
                }
                let key = salt.map(|salt| self.keys.of(salt.0, text));
                let known = key.and_then(|key| cache.get(&key));
                if known.is_none() {
                    unknown.push((index, key));
                }
                found.push(known);
            }
        }
        let unread: Vec<&str> = unknown
            .iter()
            .filter_map(|(index, _)| texts.get(*index).copied())
            .collect();
        let read = self.read(&unread)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        for ((index, key), finds) in unknown.into_iter().zip(read) {
            let finds: Arc<[NameFind]> = finds.into();
            if let Some(key) = key {
                cache.put(key, &finds);
            }
            if let Some(slot) = found.get_mut(index) {
                *slot = Some(finds);
            }
        }
        drop(cache);
        // Every slot was filled, by the cache or by what was read.
        found
            .into_iter()
            .collect::<Option<_>>()
            .ok_or(RedactError::Names)
    }

    /// Reads texts of which nothing is known.
    fn read(&self, texts: &[&str]) -> Result<Vec<Vec<NameFind>>, RedactError> {
        let mut work = Reading {
            finder: self,
            started: SystemClock.instant(),
            pending: Vec::new(),
            rows: 0,
            found: vec![Vec::new(); texts.len()],
        };
        for (number, text) in texts.iter().enumerate() {
            let mut rest = *text;
            while !rest.is_empty() {
                let (block, after) = rest.split_at(block_end(rest));
                work.add(number, text.len() - rest.len(), block)?;
                rest = after;
            }
        }
        work.run()?;
        Ok(work.found)
    }
}

impl fmt::Debug for NameFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameFinder")
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// Where the first block of `text` ends: at a blank line, the end of a line or a space in its last half if there
/// is one.
fn block_end(text: &str) -> usize {
    if text.len() <= BLOCK {
        return text.len();
    }
    let most = super::context::floor(text, BLOCK);
    let half = super::context::floor(text, BLOCK / 2);
    let last = text.get(half..most).unwrap_or("");
    ["\n\n", "\n", " "]
        .iter()
        .find_map(|cut| Some(half + last.rfind(cut)? + cut.len()))
        .unwrap_or(most)
}

/// A block whose windows wait for the model.
struct Block<'t> {
    /// Which text, and where in it the block starts.
    place: (usize, usize),
    text: &'t str,
    pieces: Vec<PlacedPiece>,
    words: Vec<Word>,
    windows: Windows,
    /// Of every word, from its first piece; filled window by window.
    logits: Vec<f32>,
}

/// Texts on their way through the model.
struct Reading<'f, 't> {
    finder: &'f NameFinder,
    started: std::time::Instant,
    pending: Vec<Block<'t>>,
    rows: usize,
    found: Vec<Vec<NameFind>>,
}

/// Windows that go through the model together.
#[derive(Default)]
struct Pass {
    tokens: Vec<TaggedToken>,
    lengths: Vec<usize>,
    /// The tokens whose logits are wanted: first pieces of words.
    wanted: Vec<usize>,
    /// For each of them its block and word.
    words: Vec<(usize, usize)>,
}

impl<'t> Reading<'_, 't> {
    fn add(&mut self, number: usize, base: usize, text: &'t str) -> Result<(), RedactError> {
        let tagger = &self.finder.tagger;
        let pieces = self.finder.pieces.encode(text);
        let words = words(text, &pieces);
        let room = tagger.window().saturating_sub(2).max(1);
        let windows = Windows::of(&words, room, tagger.overlap());
        self.rows += windows.all.iter().map(|w| w.len() + 2).sum::<usize>();
        self.pending.push(Block {
            place: (number, base),
            text,
            logits: vec![0.0; words.len() * self.finder.labels.len()],
            pieces,
            words,
            windows,
        });
        if self.rows >= PENDING_ROWS {
            self.run()?;
        }
        Ok(())
    }

    /// Takes the windows that wait through the model, as many together as a pass takes, and reads the labels.
    fn run(&mut self) -> Result<(), RedactError> {
        let mut blocks = std::mem::take(&mut self.pending);
        self.rows = 0;
        let mut pass = Pass::default();
        for number in 0..blocks.len() {
            let windows = blocks
                .get(number)
                .map_or(0, |block| block.windows.all.len());
            for window in 0..windows {
                let Some(block) = blocks.get(number) else {
                    break;
                };
                let length = block.windows.all.get(window).map_or(0, |w| w.len() + 2);
                if pass.tokens.len() + length > MAX_ROWS {
                    self.compute(&std::mem::take(&mut pass), &mut blocks)?;
                }
                if let Some(block) = blocks.get(number) {
                    pass.add(&self.finder.pieces, (number, block), window);
                }
            }
        }
        self.compute(&pass, &mut blocks)?;
        for block in blocks {
            let rows = block.logits.chunks_exact(self.finder.labels.len());
            let labels = self.finder.labels.decode(rows);
            let (number, base) = block.place;
            if let Some(found) = self.found.get_mut(number) {
                spans::finds((block.text, base), &block.words, &labels, found);
            }
        }
        Ok(())
    }

    fn compute(&self, pass: &Pass, blocks: &mut [Block<'_>]) -> Result<(), RedactError> {
        let finder = self.finder;
        if pass.tokens.is_empty() {
            return Ok(());
        }
        if SystemClock.instant().duration_since(self.started) > finder.time_limit {
            let seconds = finder.time_limit.as_secs();
            return Err(RedactError::NamesTooSlow { seconds });
        }
        let logits = finder
            .tagger
            .logits(&pass.tokens, &pass.lengths, &pass.wanted)
            .map_err(|_| RedactError::Names)?;
        let n = finder.labels.len();
        for ((block, word), logits) in pass.words.iter().zip(logits.chunks_exact(n)) {
            let own = blocks.get_mut(*block);
            if let Some(own) = own.and_then(|own| own.logits.get_mut(word * n..(word + 1) * n)) {
                own.copy_from_slice(logits);
            }
        }
        Ok(())
    }
}

impl Pass {
    /// Adds a window of a block.
    fn add(&mut self, pieces: &WordPieces, (number, block): (usize, &Block<'_>), window: usize) {
        let Some(range) = block.windows.all.get(window) else {
            return;
        };
        let start = self.tokens.len();
        self.tokens.push(control(pieces.start()));
        let first = block
            .words
            .partition_point(|word| word.pieces.end <= range.start);
        for (word_number, word) in block.words.iter().enumerate().skip(first) {
            let from = word.pieces.start.max(range.start);
            let to = word.pieces.end.min(range.end);
            if from >= to {
                break;
            }
            // A word's logits are its first piece's, from the window in which that counts.
            let owner = block.windows.owners.get(word.pieces.start).copied();
            if from == word.pieces.start && owner.map(usize::try_from) == Some(Ok(window)) {
                self.wanted.push(self.tokens.len());
                self.words.push((number, word_number));
            }
            let own = block.pieces.get(from..to).unwrap_or_default();
            self.tokens.extend(own.iter().map(|piece| TaggedToken {
                id: piece.id,
                case: word.case,
            }));
        }
        self.tokens.push(control(pieces.end()));
        self.lengths.push(self.tokens.len() - start);
    }
}

/// A token that stands for no word.
const fn control(id: u32) -> TaggedToken {
    TaggedToken { id, case: 0 }
}
