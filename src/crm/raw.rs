//! A use case's file as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::config::{RawListed, RawScreen};
use crate::types::{DataClass, Entity, Grounding, JurisdictionSet, Mode, Name};

use super::OutputStyle;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUseCase {
    pub(super) name: Name,
    pub(super) version: u32,
    pub(super) description: String,
    pub(super) purpose: String,
    pub(super) legal_basis: String,
    pub(super) owner: String,
    pub(super) jurisdictions: Option<JurisdictionSet>,
    pub(super) callers: Option<Vec<Name>>,
    pub(super) model: Option<Name>,
    pub(super) adapter: Option<Name>,
    pub(super) inputs: BTreeMap<String, Spanned<RawInput>>,
    pub(super) redaction: RawRedaction,
    #[serde(default)]
    pub(super) screen: RawScreen,
    pub(super) template: RawTemplate,
    #[serde(default)]
    pub(super) answer: Vec<Spanned<RawAnswerPart>>,
    #[serde(default)]
    pub(super) output: RawOutput,
    #[serde(default)]
    pub(super) sampling: RawSampling,
}

/// `[inputs.NAME]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInput {
    /// An sObject's API name, or `text`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default = "yes")]
    pub(super) required: bool,
    pub(super) max_records: Option<usize>,
    pub(super) fields: Option<Vec<Spanned<RawField>>>,
    #[serde(default)]
    pub(super) lists: Vec<Spanned<RawList>>,
    pub(super) class: Option<DataClass>,
    pub(super) entity: Option<Entity>,
    pub(super) label: Option<String>,
    pub(super) max_chars: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawField {
    pub(super) path: String,
    pub(super) class: DataClass,
    pub(super) entity: Option<Entity>,
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) required: bool,
    pub(super) max_chars: Option<usize>,
}

/// The bound of a child list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawList {
    pub(super) path: String,
    pub(super) max_records: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRedaction {
    pub(super) restore: bool,
    #[serde(default)]
    pub(super) modes: BTreeMap<Entity, Mode>,
    #[serde(default)]
    pub(super) thresholds: BTreeMap<Entity, f32>,
    #[serde(default)]
    pub(super) allow: Vec<RawListed>,
    #[serde(default)]
    pub(super) deny: Vec<RawListed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTemplate {
    pub(super) system: Option<String>,
    pub(super) user: String,
}

/// `[[answer]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAnswerPart {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) text: String,
    pub(super) write: Option<Grounding>,
    #[serde(default)]
    pub(super) optional: bool,
    pub(super) sentences: Option<u32>,
    pub(super) least: Option<u32>,
    #[serde(default)]
    pub(super) of: Vec<String>,
    #[serde(default)]
    pub(super) from: Vec<String>,
    #[serde(default)]
    pub(super) containing: Vec<String>,
    pub(super) joiner: Option<String>,
    #[serde(default)]
    pub(super) end: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawOutput {
    pub(super) style: Option<OutputStyle>,
    pub(super) max_words: Option<u32>,
    pub(super) grounded: Option<Grounding>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSampling {
    pub(super) temperature: Option<f32>,
    pub(super) top_p: Option<f32>,
    pub(super) top_k: Option<u32>,
    pub(super) min_p: Option<f32>,
    pub(super) frequency_penalty: Option<f32>,
    pub(super) presence_penalty: Option<f32>,
    pub(super) repetition_penalty: Option<f32>,
    pub(super) seed: Option<u64>,
    pub(super) max_tokens: Option<u32>,
    pub(super) stop: Option<Vec<String>>,
}

fn yes() -> bool {
    true
}
