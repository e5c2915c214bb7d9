//! What an answer may say: masks over tokens that keep the model to its input.
//!
//! | the answer's part | what the mask lets through |
//! |---|---|
//! | the use case's own text | that text |
//! | `free` | anything, but of what starts like a placeholder only those that exist |
//! | `facts` | words; numbers, dates, amounts, codes, addresses, names and placeholders as the input has them |
//! | `quote` | whole sentences of the input, byte for byte |
//!
//! A mask works on the bytes of tokens, so it holds whatever the vocabulary and wherever tokens are cut: a
//! number that is half written can only become one of the input's. Whatever the logits are, what is
//! not allowed can't be chosen. The model can still choose badly; it can't invent.
//!
//! One thing escapes: an answer that is cut at its token limit ends where it ends, perhaps inside a number.

mod facts;
mod free;
mod known;
mod outline;
mod quote;
mod scan;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::sync::Arc;

use crate::crm::Write;
use crate::engine::TokenMask;
use crate::prompt::{Guide, GuidePart};
use crate::tokenizer::{Special, Tokenizer, TokenizerError};

use self::facts::Facts;
use self::free::Free;
use self::known::Known;
use self::outline::{OutlineMask, Step};
use self::quote::Quote;
use self::vocabulary::Vocabulary;

/// What one place of an answer lets through, byte by byte.
trait Rule: Send {
    /// Whether the text may go on with `bytes`, which are one token's and not empty.
    fn allows(&self, bytes: &[u8]) -> bool;

    /// Notes that the text goes on with `bytes`.
    fn advance(&mut self, bytes: &[u8]);

    /// Whether the place may end here.
    fn may_end(&self) -> bool;

    /// Whether it must.
    fn must_end(&self) -> bool {
        false
    }

    /// What must come next, as far as that is certain; empty where it is not.
    fn expects(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Whether marks of the model's own (`</think>`) may stand there.
    fn takes_marks(&self) -> bool {
        false
    }

    /// Notes text that the use case itself writes before the place.
    fn pass(&mut self, bytes: &[u8]);
}

/// Makes masks for one tokenizer.
#[derive(Clone, Debug)]
pub struct Masks {
    vocabulary: Arc<Vocabulary>,
}

impl Masks {
    /// Reads the vocabulary once.
    pub fn new(tokenizer: Arc<Tokenizer>) -> Self {
        Self {
            vocabulary: Arc::new(Vocabulary::new(tokenizer)),
        }
    }

    /// The mask of an answer; `None` where everything may be said. `start` is the part of the answer that
    /// the prompt already holds; `temperature` is how tokens are chosen, 0 for the likeliest.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`] when a text of the use case can't be tokenised.
    pub fn mask(
        &self,
        guide: &Guide,
        start: &str,
        temperature: f32,
    ) -> Result<Option<Box<dyn TokenMask>>, TokenizerError> {
        let whole = [GuidePart::Write(Write::Free(None))];
        if guide.parts() == whole && guide.placeholders().is_empty() {
            return Ok(None);
        }
        let known = Arc::new(Known::new(guide.known(), guide.placeholders()));
        let mut steps = Vec::with_capacity(guide.parts().len());
        let mut before = start.to_owned();
        for part in guide.parts() {
            match part {
                GuidePart::Text(text) => {
                    let tokens = self.vocabulary.tokenizer().encode(text, Special::Plain)?;
                    before.push_str(text);
                    steps.push(Step::Text(tokens));
                }
                GuidePart::Write(write) => {
                    let (mut rule, sentences): (Box<dyn Rule>, _) = match write {
                        Write::Free(most) => (Box::new(Free::new(Arc::clone(&known))), *most),
                        Write::Facts(most) => (Box::new(Facts::new(Arc::clone(&known))), *most),
                        Write::Quote {
                            count,
                            joiner,
                            sentences,
                        } => (Box::new(Quote::new(sentences, joiner, *count)), None),
                    };
                    rule.pass(before.as_bytes());
                    before.clear();
                    steps.push(Step::write(rule, sentences));
                }
            }
        }
        let mask = OutlineMask::new(Arc::clone(&self.vocabulary), steps, temperature);
        Ok(Some(Box::new(mask)))
    }
}
