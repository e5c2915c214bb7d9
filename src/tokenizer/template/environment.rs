//! The Jinja environment that chat templates are written for: that of `transformers`, with bounds.

use std::io;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::MAX_OUTPUT_BYTES;
use crate::tokenizer::error::TemplateError;
use crate::types::SharedClock;

/// The template's name.
pub(super) const SOURCE: &str = "chat_template";

/// Steps that a template may take; a long conversation takes some tens of thousands.
const FUEL: u64 = 5_000_000;

/// Depth of macros, loops and expressions.
const DEPTH: usize = 64;

/// The environment with the template `source`.
pub(super) fn of(source: &str, clock: SharedClock) -> Result<Environment<'static>, TemplateError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.map_err(|error| syntax_error(&error))?);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    environment.set_debug(false);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_filter("tojson", to_json);
    // In Python nothing (`None`) is not iterable; templates ask so of `tools`.
    environment.add_test("iterable", |value: &Value| {
        !value.is_none() && !value.is_undefined() && value.try_iter().is_ok()
    });
    environment.add_function(
        "raise_exception",
        |message: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message).with_source(Raised))
        },
    );
    environment.add_function(
        "strftime_now",
        move |format: &str| -> Result<String, Error> {
            let bad = |_| Error::new(ErrorKind::InvalidOperation, "unknown date format");
            let now = jiff::Timestamp::from_millisecond(clock.now().as_millis()).map_err(bad)?;
            jiff::fmt::strtime::format(format, &now.to_zoned(jiff::tz::TimeZone::UTC)).map_err(bad)
        },
    );
    environment
        .add_template_owned(SOURCE, without_generation_marks(source))
        .map_err(|error| syntax_error(&error))?;
    Ok(environment)
}

fn syntax_error(error: &Error) -> TemplateError {
    TemplateError::Syntax {
        line: error.line().unwrap_or(0),
        kind: error.kind(),
    }
}

/// What a failure is to say. The template's own words are repeated only where they stand in its source
/// as a whole: they could hold a message's content.
pub(super) fn failure(error: &Error, source: &str) -> TemplateError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<Raised>() {
            let said = error.detail().filter(|said| source.contains(*said));
            return TemplateError::Refused {
                reason: said.unwrap_or("it says why in words of its own").to_owned(),
            };
        }
        cause = inner.source();
    }
    match error.kind() {
        // Writing fails only for want of room.
        ErrorKind::OutOfFuel | ErrorKind::WriteFailure => TemplateError::TooMuch {
            limit: MAX_OUTPUT_BYTES,
        },
        kind => TemplateError::Render {
            line: error.line().unwrap_or(0),
            kind,
        },
    }
}

/// Text that is written, up to a limit.
#[derive(Debug)]
pub(super) struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Bounded {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
        }
    }

    pub(super) fn into_text(self) -> Option<String> {
        String::from_utf8(self.bytes).ok()
    }
}

impl io::Write for Bounded {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(buf.len()) > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The template called `raise_exception`.
#[derive(Debug, thiserror::Error)]
#[error("the template refuses the conversation")]
struct Raised;

/// `{% generation %}` marks the model's turns for training; it writes nothing.
fn without_generation_marks(source: &str) -> String {
    let mut text = source.to_owned();
    for word in ["generation", "endgeneration"] {
        for (open, close) in [("{%", "%}"), ("{%-", "%}"), ("{%", "-%}"), ("{%-", "-%}")] {
            let blank = format!("{open} if true {close}{open} endif {close}");
            text = text.replace(&format!("{open} {word} {close}"), &blank);
        }
    }
    text
}

/// Python's `json.dumps(value, ensure_ascii=False, indent=indent)`: unlike `minijinja`'s own filter,
/// nothing is escaped for HTML, and there is a space after `:` and `,`.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a filter")]
fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let _: Option<bool> = options.get("ensure_ascii")?;
    let _: Option<Value> = options.get("separators")?;
    let _: Option<bool> = options.get("sort_keys")?;
    options.assert_all_used()?;
    let mut bytes = Vec::new();
    let written = match indent {
        Some(indent) => {
            let indent = " ".repeat(indent.min(16));
            let format = PrettyFormatter::with_indent(indent.as_bytes());
            value.serialize(&mut Serializer::with_formatter(&mut bytes, format))
        }
        None => value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)),
    };
    let text = written.ok().and_then(|()| String::from_utf8(bytes).ok());
    let failed = || {
        Error::new(
            ErrorKind::BadSerialization,
            "value cannot be written as JSON",
        )
    };
    text.map(Value::from_safe_string).ok_or_else(failed)
}

/// JSON on one line with Python's spaces.
#[derive(Debug)]
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}
