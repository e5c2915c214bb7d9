//! The models that draft for others, checked: a draft can only say what its target could.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use candle_core::Device;

use crate::config::{DraftConfig, EngineConfig, ModelsConfig};
use crate::engine::{DraftModel, planned};
use crate::formats::manifest::Kind;
use crate::formats::{Manifests, VerifiedModel, verify};
use crate::model::{BlockForm, draft_needs, load_chat};
use crate::tokenizer::Tokenizer;
use crate::types::Name;

/// The model that it drafts for.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) name: &'a Name,
    pub(super) tokenizer: &'a Tokenizer,
    /// The longest context in tokens that it is served with.
    pub(super) context: usize,
    pub(super) engine: &'a EngineConfig,
}

/// The draft model of `target`, and what it takes in memory: weights and the whole key-value cache.
pub(super) fn open(
    models: &ModelsConfig,
    manifests: &Manifests,
    draft: &DraftConfig,
    target: Target<'_>,
) -> anyhow::Result<(DraftModel, u64)> {
    let opened =
        files_of(models, manifests, &draft.name).and_then(|files| checked(files, draft, target));
    opened.with_context(|| format!("`{}` can't draft for `{}`", draft.name, target.name))
}

fn files_of(
    models: &ModelsConfig,
    manifests: &Manifests,
    name: &Name,
) -> anyhow::Result<VerifiedModel> {
    Ok(verify(&models.dir, manifests.find(name.as_str())?)?)
}

fn checked(
    files: VerifiedModel,
    draft: &DraftConfig,
    target: Target<'_>,
) -> anyhow::Result<(DraftModel, u64)> {
    ensure!(
        files.manifest().kind == Kind::Chat,
        "its manifest does not say `kind = \"chat\"`"
    );
    let engine = EngineConfig {
        kv_cache_bytes: draft.kv_cache_bytes,
        ..target.engine.clone()
    };
    let form = BlockForm {
        tokens: engine.block_tokens,
        format: engine.kv_cache_format,
    };
    let needs = draft_needs(&files, form)?;
    if let Some(difference) = target.tokenizer.difference(&Tokenizer::of_decoder(&files)?) {
        return Err(difference.into());
    }
    ensure!(
        needs.context >= target.context,
        "its context has {} tokens and the other one's {}: a smaller `engine.max_context` makes them fit",
        needs.context,
        target.context
    );
    let (_, cache) = planned(&engine, needs);
    let weights: u64 = files.manifest().files.iter().map(|file| file.bytes).sum();
    let files = Arc::new(files);
    let load = move || load_chat(&files, &Device::Cpu, engine.threads);
    Ok((
        DraftModel::new(load, draft.kv_cache_bytes),
        weights.saturating_add(cache),
    ))
}
