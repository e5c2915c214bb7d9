//! Schemas and rules to states, within bounds.

use std::sync::Arc;
use std::thread;

use llguidance::api::{ParserLimits, TopLevelGrammar};
use llguidance::toktrie::{InferenceCapabilities, TokEnv};
use llguidance::{Matcher, ParserFactory};
use serde_json::Value;

use super::error::{GrammarError, Reason};
use super::vocabulary::Vocabulary;

/// The compiler recurses as deep as a schema is long: each optional property is a level.
const STACK_BYTES: usize = 64 << 20;

/// What one grammar may take. A unit of fuel is some 20 ns of work, a state 1 to 2 kB.
const LIMITS: ParserLimits = ParserLimits {
    max_items_in_row: 2_000,
    initial_lexer_fuel: 2_000_000,
    step_lexer_fuel: 200_000,
    step_max_items: 50_000,
    max_lexer_states: 50_000,
    max_grammar_size: 200_000,
    precompute_large_lexemes: true,
    // Errors would hold the schema and the answer.
    verbose_errors: false,
};

/// Compiles grammars over one vocabulary.
pub(super) struct Compiler {
    factory: ParserFactory,
}

impl Compiler {
    pub(super) fn new(vocabulary: &Arc<Vocabulary>) -> Result<Self, GrammarError> {
        let vocabulary: TokEnv = Arc::<Vocabulary>::clone(vocabulary);
        // Forced tokens are only expected (`TokenMask::expects`), so nothing is spliced in.
        let mut factory = ParserFactory::new(
            &vocabulary,
            InferenceCapabilities::default(),
            &llguidance::earley::SlicedBiasComputer::json_slices(),
        )
        .map_err(|_| GrammarError::Vocabulary)?;
        factory.quiet();
        *factory.limits_mut() = LIMITS;
        Ok(Self { factory })
    }

    /// Compiles a schema that [`super::schema`] wrote.
    pub(super) fn schema(&self, schema: Value) -> Result<Matcher, GrammarError> {
        self.matcher(TopLevelGrammar::from_json_schema(schema))
    }

    /// Compiles rules that [`super::tools`] wrote.
    pub(super) fn rules(&self, rules: String) -> Result<Matcher, GrammarError> {
        self.matcher(TopLevelGrammar::from_lark(rules))
    }

    fn matcher(&self, grammar: TopLevelGrammar) -> Result<Matcher, GrammarError> {
        let parser = self.factory.create_parser(grammar);
        // The text of the error may hold anything of the schema.
        let parser = parser.map_err(|error| reason(&format!("{error:#}")))?;
        let matcher = Matcher::new(Ok(parser));
        if matcher.is_error() {
            return Err(GrammarError::TooComplex);
        }
        Ok(matcher)
    }
}

/// What the compiler's words mean. All that can be known beforehand was refused with its place.
fn reason(text: &str) -> GrammarError {
    let unsupported = |reason| GrammarError::Unsupported {
        pointer: String::new(),
        reason,
    };
    let known = [
        ("circular references with sibling keys", Reason::Recursion),
        ("min/maxProperties only supported", Reason::PropertyCount),
        ("are not disjoint", Reason::PropertyPatterns),
        ("are disjoint", Reason::PropertyPatterns),
        ("oneOf constraints are not supported", Reason::Overlap),
    ];
    if text.contains("Unsatisfiable schema") {
        return GrammarError::Unsatisfiable;
    }
    let found = known.iter().find(|(words, _)| text.contains(words));
    found.map_or(GrammarError::TooComplex, |(_, reason)| unsupported(*reason))
}

/// Tries another way to write the same, where the first was too much for the engine.
pub(super) fn again<T>(
    error: GrammarError,
    other: impl FnOnce() -> Result<T, GrammarError>,
) -> Result<T, GrammarError> {
    match error {
        GrammarError::TooComplex | GrammarError::Unsupported { .. } => other(),
        error => Err(error),
    }
}

/// Runs `work` where recursion has room.
pub(super) fn on_a_deep_stack<T: Send>(
    work: impl FnOnce() -> Result<T, GrammarError> + Send,
) -> Result<T, GrammarError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("grammar".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work);
        let thread = thread.map_err(|_| GrammarError::TooComplex)?;
        thread.join().unwrap_or(Err(GrammarError::TooComplex))
    })
}
