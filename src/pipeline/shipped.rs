//! The adapter that is part of the program: it picks what the shipped use cases quote.

use std::sync::Arc;

use serde::Deserialize;

use crate::formats::{Mapped, VerifiedModel};
use crate::model::{Adapter, AdapterFiles};
use crate::types::{Digest, Name};

use super::Adapters;
use super::adapters::{LoadError, Loaded, WEIGHTS};

/// Its name.
pub const SHIPPED_ADAPTER: &str = "crm";
/// What it is made for, and its digests.
const MANIFEST: &str = include_str!("../../models/crm-adapter/manifest.toml");
/// How it is to be read.
const ITS_CONFIG: &[u8] = include_bytes!("../../models/crm-adapter/adapter_config.json");
/// Its weights.
const ITS_WEIGHTS: &[u8] = include_bytes!("../../models/crm-adapter/adapter_model.safetensors");

/// What of the manifest counts here.
#[derive(Deserialize)]
struct ShippedManifest {
    base_sha256: Digest,
}

impl Adapters {
    /// Loads the shipped adapter, which answers under its name like any other. Gives `false` where the chat model
    /// `base` has other weights than those that it is trained on.
    ///
    /// # Errors
    ///
    /// [`LoadError`]; not but for a bug of ours, or where adapters have too little memory.
    pub fn load_shipped(&self, base: &VerifiedModel) -> Result<bool, LoadError> {
        let made_for: Option<ShippedManifest> = toml::from_str(MANIFEST).ok();
        let mut files = base.manifest().files.iter();
        let fits = made_for.is_some_and(|own| files.any(|file| file.sha256 == own.base_sha256));
        let Some(name) = SHIPPED_ADAPTER.parse::<Name>().ok().filter(|_| fits) else {
            return Ok(false);
        };
        let weights = Mapped::built_in(WEIGHTS, ITS_WEIGHTS);
        let files = AdapterFiles {
            config: ITS_CONFIG,
            weights: &weights,
        };
        let read = Loaded {
            digest: Digest::of(ITS_WEIGHTS),
            adapter: Arc::new(Adapter::load(&files, self.shape())?),
        };
        self.insert(&name, read)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::adapters::CONFIG;
    use super::*;

    #[test]
    fn the_files_are_the_manifests() {
        #[derive(Deserialize)]
        struct Listed {
            name: String,
            sha256: Digest,
            bytes: usize,
        }
        #[derive(Deserialize)]
        struct Whole {
            file: Vec<Listed>,
        }
        let manifest: Whole = toml::from_str(MANIFEST).unwrap();
        for (name, content) in [(WEIGHTS, ITS_WEIGHTS), (CONFIG, ITS_CONFIG)] {
            let listed = manifest.file.iter().find(|own| own.name == name).unwrap();
            assert_eq!(listed.bytes, content.len(), "{name}");
            assert_eq!(listed.sha256, Digest::of(content), "{name}");
        }
    }
}
