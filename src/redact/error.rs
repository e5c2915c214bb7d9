//! Why a redaction fails. Nothing here says anything of the text.

/// Redaction refuses rather than let something through unseen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedactError {
    /// A schema's pattern or reference holds personal data, and can't be masked without meaning something else.
    #[error(
        "a `pattern`, `format`, `type` or reference of a JSON schema holds what looks like personal data; take it out"
    )]
    PersonalStructure,
    /// More text than one request may hold.
    #[error("the request holds {bytes} bytes of text; redaction reads at most {limit}")]
    TooMuchText {
        /// Bytes of text in the request.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// More finds than one request may hold.
    #[error("the request holds more than {limit} pieces of personal data")]
    TooManySpans {
        /// The most that are replaced.
        limit: usize,
    },
    /// More record values to search for than one request may hold.
    #[error("the records give more than {limit} values to search for")]
    TooManyTerms {
        /// The most that are searched for.
        limit: usize,
    },
    /// The search over the record values could not be built.
    #[error("the search for record values could not be built")]
    Search,
    /// The recogniser of names failed on a text.
    #[error("the recogniser of names failed")]
    Names,
    /// The texts of one request take the recogniser of names longer than it may.
    #[error(
        "looking for names in the request takes longer than {seconds} seconds (redaction.names.time_limit_s); send less text"
    )]
    NamesTooSlow {
        /// The longest that it may take.
        seconds: u64,
    },
    /// A pattern of a recogniser does not compile: a bug of ours, found at start.
    #[error("a pattern of the recogniser `{recogniser}` does not compile")]
    Pattern {
        /// Which recogniser.
        recogniser: &'static str,
    },
    /// A pattern of the configuration does not compile.
    #[error("the pattern `{name}` of `redaction.custom` does not compile")]
    Custom {
        /// The pattern's name.
        name: crate::types::Name,
    },
}
