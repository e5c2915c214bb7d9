//! What an answer must look like: JSON Schema and tool calls as masks over tokens.
//!
//! A schema is rewritten first (`schema`) into the few keywords that are enforced exactly; what can't
//! be is refused with the place of the keyword. The rest is compiled by `llguidance`, within bounds of
//! time and memory, and kept for the next request with the same schema.
//!
//! **Invariant:** an answer that ended on its own fits its grammar, whatever the logits were. One that
//! was cut (at its token limit) is the start of one that fits.

mod cache;
mod calls;
mod compile;
mod error;
mod mask;
mod schema;
#[cfg(test)]
mod tests;
mod tools;
mod vocabulary;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use llguidance::Matcher;
use serde_json::{Value, json};

use crate::engine::TokenMask;
use crate::tokenizer::Tokenizer;
use crate::types::Digest;

use self::cache::Cache;
use self::compile::Compiler;
use self::mask::GrammarMask;
use self::schema::AnyValue;
use self::vocabulary::Vocabulary;

pub use self::calls::{ToolEvent, ToolParser};
pub use self::error::{GrammarError, Reason, ToolsError};
pub use self::mask::all_of;
pub use self::tools::{CallFormat, Tool, ToolCalls, ToolChoice};

/// Makes grammars for one tokenizer. Cheap to clone.
#[derive(Clone)]
pub struct Grammars {
    inner: Arc<Inner>,
}

struct Inner {
    tokenizer: Arc<Tokenizer>,
    prepared: OnceLock<Result<Prepared, GrammarError>>,
    cache: Mutex<Cache<Grammar>>,
}

/// What grammars are made with.
struct Prepared {
    vocabulary: Arc<Vocabulary>,
    compiler: Compiler,
}

impl Prepared {
    fn new(tokenizer: &Arc<Tokenizer>) -> Result<Self, GrammarError> {
        let vocabulary = Arc::new(Vocabulary::new(Arc::clone(tokenizer))?);
        let compiler = Compiler::new(&vocabulary)?;
        Ok(Self {
            vocabulary,
            compiler,
        })
    }
}

/// A compiled grammar. Cheap to clone.
#[derive(Clone)]
pub struct Grammar {
    vocabulary: Arc<Vocabulary>,
    start: Arc<Mutex<Matcher>>,
}

impl Grammars {
    /// The vocabulary is sorted when the first grammar is made, or by [`Grammars::prepare`]: that takes as
    /// long as loading a small model.
    ///
    /// # Errors
    ///
    /// [`GrammarError::Vocabulary`] when it has no token that ends an answer.
    pub fn new(tokenizer: Arc<Tokenizer>) -> Result<Self, GrammarError> {
        vocabulary::check(&tokenizer)?;
        let inner = Inner {
            tokenizer,
            prepared: OnceLock::new(),
            cache: Mutex::new(Cache::new()),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Sorts the vocabulary, unless that was done. What goes wrong, the first grammar says.
    pub fn prepare(&self) {
        let _said_later = self.prepared();
    }

    fn prepared(&self) -> Result<&Prepared, GrammarError> {
        let made = || Prepared::new(&self.inner.tokenizer);
        self.inner
            .prepared
            .get_or_init(made)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The grammar of any JSON object.
    ///
    /// # Errors
    ///
    /// As for [`Grammars::json_schema`]; a bug of ours.
    pub fn json_object(&self) -> Result<Grammar, GrammarError> {
        self.json_schema(&json!({"type": "object"}), &[])
    }

    /// The grammar of the JSON values that fit `schema`. Strings with a `format` may also be one of
    /// the fitting `placeholders` (`[EMAIL_1]`), which stand for values that the model does not see.
    ///
    /// Takes up to a second of computing: not for the threads that serve.
    ///
    /// # Errors
    ///
    /// [`GrammarError`] when something in the schema can't be enforced, or is too large.
    pub fn json_schema(
        &self,
        schema: &Value,
        placeholders: &[String],
    ) -> Result<Grammar, GrammarError> {
        let rewrite = |any| schema::rewrite(schema, placeholders, any);
        let first = rewrite(AnyValue::Written)?;
        let compiler = &self.prepared()?.compiler;
        self.kept("schema", &first.to_string(), || {
            compiler.schema(first).or_else(|error| {
                compile::again(error, || compiler.schema(rewrite(AnyValue::Engines)?))
            })
        })
    }

    /// The grammar of answers with tool calls.
    ///
    /// Takes up to a second of computing: not for the threads that serve.
    ///
    /// # Errors
    ///
    /// [`GrammarError`] when tools and choice don't fit together, or something in a schema that must be
    /// kept can't be enforced.
    pub fn tool_calls(&self, calls: &ToolCalls<'_>) -> Result<Grammar, GrammarError> {
        let Prepared {
            vocabulary,
            compiler,
        } = self.prepared()?;
        let rules = |any| calls.rules(vocabulary, any);
        let first = rules(AnyValue::Written)?;
        self.kept("tools", &first, || {
            compiler.rules(first.clone()).or_else(|error| {
                compile::again(error, || compiler.rules(rules(AnyValue::Engines)?))
            })
        })
    }

    /// The grammar that was compiled from `text` before, or the one that `compile` makes now.
    fn kept(
        &self,
        kind: &str,
        text: &str,
        compile: impl FnOnce() -> Result<Matcher, GrammarError> + Send,
    ) -> Result<Grammar, GrammarError> {
        let key = Digest::of(format!("{kind}\n{text}").as_bytes());
        let cache = || {
            let cache = self.inner.cache.lock();
            cache.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(kept) = cache().get(&key) {
            return Ok(kept);
        }
        let grammar = Grammar {
            vocabulary: Arc::clone(&self.prepared()?.vocabulary),
            start: Arc::new(Mutex::new(compile::on_a_deep_stack(compile)?)),
        };
        cache().put(key, text.len(), grammar.clone());
        Ok(grammar)
    }
}

impl Grammar {
    /// A mask for one answer.
    pub fn mask(&self) -> Box<dyn TokenMask> {
        let start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        let matcher = start.deep_clone();
        drop(start);
        let vocabulary = Arc::clone(&self.vocabulary);
        Box::new(GrammarMask::new(vocabulary, matcher))
    }
}

impl fmt::Debug for Grammars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grammars")
    }
}

impl fmt::Debug for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grammar")
    }
}
