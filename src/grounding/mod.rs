//! What an answer may say: masks over tokens that keep the model to its input.
//!
//! | the answer's part | what the mask lets through |
//! |---|---|
//! | the use case's own text | that text |
//! | `free` | anything, but of what starts like a placeholder only those that exist |
//! | `facts` | words; numbers, dates, amounts, codes, addresses, names and placeholders as the input has them |
//! | `quote` | whole sentences of the input, byte for byte, none of them twice |
//! | `choice` | one word of a list |
//!
//! A part that is `optional` stands there or doesn't: the model decides with the first token that tells it from
//! what may come instead.
//!
//! A mask works on the bytes of tokens, so it holds whatever the vocabulary and wherever tokens are cut: a
//! number that is half written can only become one of the input's. Whatever the logits are, what is
//! not allowed can't be chosen. The model can still choose badly; it can't invent.
//!
//! One thing escapes: an answer that is cut at its token limit ends where it ends, perhaps inside a number.

mod facts;
mod free;
mod json;
mod known;
mod lesson;
mod outline;
mod quote;
mod scan;
mod schema;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::sync::Arc;

use crate::crm::Write;
use crate::engine::TokenMask;
use crate::prompt::Guide;
use crate::tokenizer::Tokenizer;

use self::facts::Facts;
use self::free::Free;
use self::json::JsonMask;
use self::known::Known;
use self::outline::{OutlineMask, Part, Place, Words};
use self::quote::Quote;
use self::vocabulary::Vocabulary;

pub use self::lesson::{Decision, Lesson};
pub use self::schema::{GroundedError, GroundedSchema, grounded_schema};

/// What one place of an answer lets through, byte by byte.
trait Rule: Send {
    /// Whether the text may go on with `bytes`, which are one token's and not empty.
    fn allows(&self, bytes: &[u8]) -> bool;

    /// Whether any token may come that is text without line breaks, brackets and underscores: the rule need not be
    /// asked for each.
    fn allows_plain(&self) -> bool {
        false
    }

    /// Notes that the text goes on with `bytes`.
    fn advance(&mut self, bytes: &[u8]);

    /// Whether the place may end here.
    fn may_end(&self) -> bool;

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
    pub fn mask(&self, guide: &Guide, start: &str, temperature: f32) -> Option<Box<dyn TokenMask>> {
        if guide.is_free() && guide.placeholders().is_empty() {
            return None;
        }
        let mask = self.outline(guide, start, temperature);
        Some(Box::new(mask))
    }

    /// The mask of a JSON answer whose `schema` has strings that say only facts of the input: of what `guide`
    /// knows; `None` where it has none.
    pub fn json_mask(
        &self,
        schema: &GroundedSchema,
        guide: &Guide,
        temperature: f32,
    ) -> Option<Box<dyn TokenMask>> {
        if schema.facts.is_empty() {
            return None;
        }
        let known = Known::new(guide.known(), guide.placeholders());
        let vocabulary = Arc::clone(&self.vocabulary);
        let places = schema.facts.clone();
        Some(Box::new(JsonMask::new(
            vocabulary,
            Arc::new(known),
            places,
            temperature,
        )))
    }

    fn outline(&self, guide: &Guide, start: &str, temperature: f32) -> OutlineMask {
        self.outline_with(guide, start, temperature, &|_, least| least)
    }

    /// As `least` says, given a part's place and the least of its use case, so many sentences are quoted there.
    fn outline_with(
        &self,
        guide: &Guide,
        start: &str,
        temperature: f32,
        least: &dyn Fn(usize, usize) -> usize,
    ) -> OutlineMask {
        let known = Arc::new(Known::new(guide.known(), guide.placeholders()));
        let place = |at: usize, write: &Write| match write {
            Write::Free(most) => {
                Place::Words(Words::new(Box::new(Free::new(Arc::clone(&known))), *most))
            }
            Write::Facts(most) => {
                Place::Words(Words::new(Box::new(Facts::new(Arc::clone(&known))), *most))
            }
            Write::Quote(quote) => Place::Quote(Quote::new(
                &quote.sentences,
                &quote.joiner,
                (least(at, quote.least), quote.most),
            )),
            Write::Choice(words) => Place::Quote(Quote::one_of(words)),
        };
        let parts = guide.parts().iter().enumerate().map(|(at, part)| Part {
            text: part.text.clone(),
            place: part.write.as_ref().map(|write| place(at, write)),
            end: part.end.clone(),
            optional: part.optional,
        });
        OutlineMask::new(
            Arc::clone(&self.vocabulary),
            parts.collect(),
            start,
            temperature,
        )
    }
}
