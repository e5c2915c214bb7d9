//! Why a grammar can't be made.

use std::fmt;

/// What of a schema or a list of tools can't be enforced. Names places (JSON pointers) and keywords; a
/// pointer holds the names of properties as the schema's author wrote them, and nothing else of a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrammarError {
    /// A keyword that can't be enforced.
    #[error("`{pointer}` can't be enforced: {reason}")]
    Unsupported {
        /// Where the keyword is.
        pointer: String,
        /// Why not.
        reason: Reason,
    },
    /// Something in the schema is no JSON Schema.
    #[error("`{pointer}` must be {expected}")]
    Invalid {
        /// Where it is.
        pointer: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A count or a length higher than what is enforced.
    #[error("`{pointer}` is too high: at most {limit}")]
    TooHigh {
        /// Where it is.
        pointer: String,
        /// The most it may be.
        limit: u64,
    },
    /// Larger than what is compiled.
    #[error("`{pointer}` has more than {limit} {what}")]
    TooLarge {
        /// Where it is.
        pointer: String,
        /// What there is too much of.
        what: &'static str,
        /// The most there may be.
        limit: u64,
    },
    /// No value fits the schema.
    #[error("no value fits the schema")]
    Unsatisfiable,
    /// The grammar needs more states, or more time to build, than one request may have.
    #[error(
        "the schema is too complex to enforce: use fewer alternatives, shorter patterns or smaller limits"
    )]
    TooComplex,
    /// The tools and the choice among them don't fit together.
    #[error("{0}")]
    Tools(ToolsError),
    /// The vocabulary can't be used for grammars.
    #[error("the model's vocabulary can't be used for grammars")]
    Vocabulary,
}

impl GrammarError {
    /// The place in the schema, as a JSON pointer; of a tool's, in its parameters.
    pub fn pointer(&self) -> Option<&str> {
        match self {
            Self::Unsupported { pointer, .. }
            | Self::Invalid { pointer, .. }
            | Self::TooHigh { pointer, .. }
            | Self::TooLarge { pointer, .. } => Some(pointer),
            Self::Tools(ToolsError::Parameters { source, .. }) => source.pointer(),
            Self::Unsatisfiable | Self::TooComplex | Self::Tools(_) | Self::Vocabulary => None,
        }
    }
}

/// What is wrong with tools or with the choice among them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolsError {
    /// A call is required and there is no tool to call.
    #[error("a tool call is required, and no tool may be called")]
    None,
    /// The choice names a tool that there is not.
    #[error("the tool choice names a tool that isn't among the tools")]
    Unknown,
    /// Two tools of one name.
    #[error("two tools have the same name")]
    Duplicate,
    /// A name that is no tool's name.
    #[error("a tool's name has 1 to 64 letters, digits, `_`, `-` and `.`")]
    Name,
    /// More tools than one request may have.
    #[error("more than {limit} tools")]
    TooMany {
        /// The most.
        limit: usize,
    },
    /// Parameters that can't be enforced, of a tool that is `strict`.
    #[error("parameters of tool {index}: {source}")]
    Parameters {
        /// The tool's place in the list.
        index: usize,
        /// What can't be enforced.
        source: Box<GrammarError>,
    },
}

/// Why a keyword can't be enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing enforces it.
    Keyword,
    /// The alternatives of a `oneOf` may fit at the same time.
    Overlap,
    /// The reference leads out of the schema.
    RemoteReference,
    /// The reference leads nowhere.
    NoTarget,
    /// A reference with other keywords beside it leads back to itself.
    Recursion,
    /// A regular expression with something that is not supported.
    Pattern,
    /// A format that can't be enforced.
    Format,
    /// The number has more digits than are held exactly.
    Precision,
    /// A number of properties that is bounded where properties are optional.
    PropertyCount,
    /// Patterns for names of properties that may fit the same name.
    PropertyPatterns,
    /// The keyword is enforced only in simpler places.
    Context,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyword => "the keyword is not supported",
            Self::Overlap => {
                "the alternatives may fit at the same time; give each a property with a constant of its own, or use `anyOf`"
            }
            Self::RemoteReference => "only references within the schema are followed",
            Self::NoTarget => "the reference leads nowhere",
            Self::Recursion => "a recursive reference has other keywords beside it",
            Self::Pattern => {
                "the regular expression uses something that is not supported, such as a lookaround, a back-reference, a word boundary or a control character"
            }
            Self::Format => "the format is not supported",
            Self::Precision => "the number has more digits than are held exactly",
            Self::PropertyCount => "a number of properties is bounded only where all are required",
            Self::PropertyPatterns => "patterns may fit the same property",
            Self::Context => "the keyword is supported only beside simpler ones",
        })
    }
}
