//! The recogniser of names, as commands and configurations ask for it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::NamesConfig;
use crate::redact::{NameFinder, NamesError, NamesOptions};

/// What commands that redact can say of the recogniser of names.
#[derive(Debug, Default, clap::Args)]
pub(super) struct NamesArgs {
    /// Find by patterns alone, without the model of names
    #[arg(long)]
    no_ner: bool,
    /// Find names with the model in this folder (manifest.toml, pii-ner.gguf, tokenizer.json) in place of the built-in
    /// one
    #[arg(long, value_name = "DIR", conflicts_with = "no_ner")]
    ner_model: Option<PathBuf>,
}

impl NamesArgs {
    /// The recogniser that is asked for.
    pub(super) fn open(&self) -> Result<Option<Arc<NameFinder>>, NamesError> {
        open(&NamesConfig {
            enabled: !self.no_ner,
            model: self.ner_model.clone(),
            ..NamesConfig::default()
        })
    }
}

/// The recogniser that the configuration asks for.
pub(super) fn open(config: &NamesConfig) -> Result<Option<Arc<NameFinder>>, NamesError> {
    if !config.enabled {
        return Ok(None);
    }
    let usual = NamesOptions::default();
    let options = NamesOptions {
        threads: config.threads.unwrap_or(usual.threads),
        time_limit: config.time_limit,
        cache_bytes: config.cache_bytes,
    };
    let finder = match &config.model {
        Some(dir) => NameFinder::open(dir, options)?,
        None => NameFinder::built_in(options)?,
    };
    Ok(Some(Arc::new(finder)))
}
