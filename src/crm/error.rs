//! What can be wrong with a use case's file, with a request's variables, and with rendering.

use std::fmt;
use std::path::PathBuf;

use crate::types::Name;

/// Why the use cases can't be loaded. Holds text of the files, which operators write, and no user's.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Two files have the same name and version.
    #[error("{first} and {second} both declare version {version} of `{name}`")]
    Duplicate {
        /// The use case.
        name: Name,
        /// The version.
        version: u32,
        /// One file.
        first: String,
        /// The other file.
        second: String,
    },
    /// A value is out of its range or contradicts another one.
    #[error("{origin}, line {line}: `{key}`: {problem}{}", hint(suggestion.as_deref()))]
    Invalid {
        /// The file.
        origin: String,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong, and what would be right.
        problem: String,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// A file or the folder can't be read.
    #[error("cannot read the use cases in {path}: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The text is no TOML, lacks a key, or holds an unknown key or a value of the wrong kind.
    #[error("{origin}, line {line}: {problem}{}", hint(suggestion.as_deref()))]
    Syntax {
        /// The file.
        origin: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
        /// The key that was probably meant.
        suggestion: Option<String>,
    },
    /// A file is too long to be a use case, or there are too many files.
    #[error("{path} has over {limit} {unit}")]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// The limit.
        limit: usize,
        /// Of what.
        unit: &'static str,
    },
}

/// The kind of a value, for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A check box.
    Bool,
    /// Several records.
    List,
    /// Nothing.
    Null,
    /// A number.
    Number,
    /// One record.
    Record,
    /// A plain text.
    Text,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "a check box",
            Self::List => "a list of records",
            Self::Null => "nothing",
            Self::Number => "a number",
            Self::Record => "a record",
            Self::Text => "a text",
        })
    }
}

/// Why a request's variables don't fit its use case. Names places and never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MinimiseError {
    /// The request holds nothing.
    #[error("`{place}` is empty")]
    Empty {
        /// Where.
        place: &'static str,
    },
    /// A declared field that must be there is not.
    #[error("the field `{path}` is missing or empty, and the use case needs it")]
    MissingField {
        /// The field.
        path: String,
    },
    /// A declared variable that must be there is not.
    #[error("the variable `{variable}` is missing; use case `{use_case}` needs it")]
    MissingVariable {
        /// The variable.
        variable: String,
        /// The use case.
        use_case: Name,
    },
    /// Something else was admitted than is asked for now.
    #[error("the request was admitted for `{admitted}`, not for `{asked}`")]
    NotAdmitted {
        /// What policy saw.
        admitted: Name,
        /// What is asked.
        asked: String,
    },
    /// A value is longer than its use case allows; nothing is ever cut.
    #[error("`{path}` has {chars} characters; at most {limit} are allowed")]
    TooLong {
        /// The field.
        path: String,
        /// Its length in characters.
        chars: usize,
        /// The limit.
        limit: usize,
    },
    /// More items than the use case allows.
    #[error("`{path}` holds {items} items; at most {limit} are allowed")]
    TooMany {
        /// The list.
        path: String,
        /// How many.
        items: usize,
        /// The limit.
        limit: usize,
    },
    /// A variable that the use case doesn't declare.
    #[error(
        "use case `{use_case}` has no variable `{variable}`{}; it has {}",
        hint(suggestion.as_deref()), declared.join(", ")
    )]
    UndeclaredVariable {
        /// The use case.
        use_case: Name,
        /// The variable, where its name is a plain word.
        variable: String,
        /// The declared ones.
        declared: Vec<String>,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// A value of another kind than the use case declares.
    #[error("`{path}` is {found}; the use case needs {expected}")]
    WrongKind {
        /// The place.
        path: String,
        /// What is declared.
        expected: ValueKind,
        /// What came.
        found: ValueKind,
    },
    /// A record of another object than the use case declares.
    #[error("`{path}` is a record of `{found}`; the use case needs `{expected}`")]
    WrongObject {
        /// The place.
        path: String,
        /// The declared object.
        expected: String,
        /// What the record says.
        found: String,
    },
}

/// Why a use case's template can't be rendered. Holds no text of a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The template failed.
    #[error("the `{part}` template of `{use_case}` fails in line {line}: {kind}")]
    Failed {
        /// The use case.
        use_case: Name,
        /// `system` or `user`.
        part: &'static str,
        /// The line within the template, from 1; 0 when unknown.
        line: usize,
        /// The kind of failure.
        kind: minijinja::ErrorKind,
    },
    /// The template wrote too much or ran too long.
    #[error("the `{part}` template of `{use_case}` writes over {limit} bytes or runs too long")]
    TooMuch {
        /// The use case.
        use_case: Name,
        /// `system` or `user`.
        part: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion
        .map(|key| format!(" (did you mean `{key}`?)"))
        .unwrap_or_default()
}
