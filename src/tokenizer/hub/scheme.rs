//! Which of the built-in ways to split and merge a description means.

use serde_json::Value;

use super::super::error::TokenizerError;
use super::super::split::{LOOK_AHEAD, name_of};
use super::super::vocabulary::{SpacePrefix, TokenizerModel};
use super::described::Described;

/// GPT-2's rules, which the splitter of bytes has built in.
const BYTE_LEVEL: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// A way to split and merge.
#[derive(Debug)]
pub(super) struct Scheme {
    pub(super) model: TokenizerModel,
    /// The name of the rules that split text into words.
    pub(super) pre: &'static str,
    /// When a space is put before a text.
    pub(super) space_prefix: SpacePrefix,
}

impl Scheme {
    pub(super) fn of(described: &Described) -> Result<Self, TokenizerError> {
        let model = &described.model;
        let kind = model.kind.as_deref().unwrap_or("BPE");
        if kind != "BPE" || described.vocabulary().next().is_none() {
            return Err(unsupported("model", kind));
        }
        if model.dropout.is_some_and(|dropout| dropout != 0.0) {
            return Err(unsupported("model", "dropout"));
        }
        let marks = [&model.continuing_subword_prefix, &model.end_of_word_suffix];
        if marks.into_iter().flatten().any(|mark| !mark.is_empty()) {
            return Err(unsupported("model", "marks within words"));
        }
        if model.byte_fallback {
            return Self::pieces(described);
        }
        Self::byte_level(described)
    }

    fn byte_level(described: &Described) -> Result<Self, TokenizerError> {
        // Text reaches the model as it was sent: it is not put into another Unicode form.
        for step in steps(described.normalizer.as_ref(), "normalizers") {
            match kind_of(step) {
                "NFC" => {}
                other => return Err(unsupported("normalizer", other)),
            }
        }
        if kind_of(described.decoder.as_ref().unwrap_or(&Value::Null)) != "ByteLevel" {
            return Err(unsupported("decoder", "another than ByteLevel"));
        }
        let mut patterns = Vec::new();
        let mut is_byte_level = false;
        for step in steps(described.pre_tokenizer.as_ref(), "pretokenizers") {
            let flag = |key| step.get(key).and_then(Value::as_bool);
            match kind_of(step) {
                "ByteLevel" if flag("add_prefix_space") != Some(true) => {
                    is_byte_level = true;
                    if flag("use_regex") != Some(false) {
                        patterns.push(BYTE_LEVEL.replace(LOOK_AHEAD, ""));
                    }
                }
                "Digits" if flag("individual_digits") == Some(true) => {
                    patterns.push(r"\p{N}".to_owned());
                }
                "Split" => patterns.push(split(step)?),
                other => return Err(unsupported("pre_tokenizer", other)),
            }
        }
        if !is_byte_level {
            return Err(unsupported("pre_tokenizer", "none of bytes"));
        }
        let pre = name_of(&patterns, described.model.ignore_merges)
            .ok_or_else(|| unsupported("pre_tokenizer", &patterns.join(" then ")))?;
        Ok(Self {
            model: TokenizerModel::ByteLevel,
            pre,
            space_prefix: SpacePrefix::Never,
        })
    }

    /// Pieces of SentencePiece, with bytes for what no piece covers.
    fn pieces(described: &Described) -> Result<Self, TokenizerError> {
        let mut space_prefix = SpacePrefix::Never;
        let mut marks_spaces = false;
        for step in steps(described.normalizer.as_ref(), "normalizers") {
            match kind_of(step) {
                "Prepend" if text(step, "prepend") == "▁" => {
                    space_prefix = SpacePrefix::Always;
                }
                "Replace" if is_space_to_mark(step) => marks_spaces = true,
                other => return Err(unsupported("normalizer", other)),
            }
        }
        for step in steps(described.pre_tokenizer.as_ref(), "pretokenizers") {
            match kind_of(step) {
                "Metaspace" if step.get("split") == Some(&Value::Bool(false)) => {
                    marks_spaces = true;
                    let old = step.get("add_prefix_space").and_then(Value::as_bool);
                    space_prefix = match (text(step, "prepend_scheme"), old) {
                        ("never", _) | ("", Some(false)) => SpacePrefix::Never,
                        ("first", _) => SpacePrefix::MissingAtStart,
                        _ => SpacePrefix::Missing,
                    };
                }
                // After the marks were put, there is no space left to split at.
                "Split" if marks_spaces && text_of_pattern(step) == Some(" ") => {}
                other => return Err(unsupported("pre_tokenizer", other)),
            }
        }
        if !marks_spaces {
            return Err(unsupported("normalizer", "none that marks spaces"));
        }
        Ok(Self {
            model: TokenizerModel::SentencePiece,
            pre: "default",
            space_prefix,
        })
    }
}

/// The steps of a part, be it one or a sequence of them.
fn steps<'a>(part: Option<&'a Value>, list: &str) -> &'a [Value] {
    match part {
        None | Some(Value::Null) => &[],
        Some(part) => match part.get(list).and_then(Value::as_array) {
            Some(steps) => steps,
            None => std::slice::from_ref(part),
        },
    }
}

fn kind_of(step: &Value) -> &str {
    text(step, "type")
}

fn text<'a>(step: &'a Value, key: &str) -> &'a str {
    step.get(key).and_then(Value::as_str).unwrap_or("")
}

/// The pattern of a step that is a text, not an expression.
fn text_of_pattern(step: &Value) -> Option<&str> {
    step.get("pattern")?.get("String")?.as_str()
}

fn is_space_to_mark(step: &Value) -> bool {
    text_of_pattern(step) == Some(" ") && text(step, "content") == "▁"
}

/// A splitter's expression, without the part that looks ahead.
fn split(step: &Value) -> Result<String, TokenizerError> {
    let expression = step
        .get("pattern")
        .and_then(|own| own.get("Regex")?.as_str());
    let behaviour = (
        text(step, "behavior"),
        step.get("invert").and_then(Value::as_bool),
    );
    match (expression, behaviour) {
        // The expressions cover every text, so what they don't match is nothing.
        (Some(expression), ("Isolated", Some(false) | None) | ("Removed", Some(true))) => {
            Ok(expression.replace(LOOK_AHEAD, ""))
        }
        _ => Err(unsupported("pre_tokenizer", "Split of another form")),
    }
}

fn unsupported(part: &'static str, what: &str) -> TokenizerError {
    TokenizerError::Unsupported {
        part,
        what: what.chars().take(96).collect(),
    }
}
