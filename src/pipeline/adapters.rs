//! Adapters of the chat model, each served as a model of its own name; loaded and unloaded while the node runs.
//!
//! An adapter is a folder in the node's folder for them, named as it is called, in PEFT's form. What runs with one
//! keeps it until it ends, also when it is unloaded meanwhile; caches never mix what two of them computed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use crate::audit::Event;
use crate::crm::UseCase;
use crate::formats::{Mapped, VerifiedModel};
use crate::model::{Adapter, AdapterError, AdapterFiles, AdapterShape, ModelError, open_model};
use crate::policy::Principal;
use crate::types::{Digest, Name, RequestId};

use super::tasks::to_its_end;
use super::{Generator, ModelFacts, Refused};

/// The files of an adapter's folder.
pub(super) const CONFIG: &str = "adapter_config.json";
pub(super) const WEIGHTS: &str = "adapter_model.safetensors";
/// Most bytes of `adapter_config.json`.
const MAX_CONFIG: u64 = 1 << 20;
/// Most adapters at a time.
const MAX_ADAPTERS: usize = 256;

/// The adapters of a node; clones are the same ones.
#[derive(Clone, Debug)]
pub struct Adapters(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base: Name,
    shape: AdapterShape,
    dir: PathBuf,
    max_bytes: usize,
    /// Names that mean something else here.
    taken: Vec<String>,
    loaded: RwLock<BTreeMap<Name, Loaded>>,
}

/// An adapter that is there.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The digest of its weights.
    pub digest: Digest,
    pub(super) adapter: Arc<Adapter>,
}

impl Loaded {
    /// What is added to the model.
    pub(super) fn adapter(&self) -> &Arc<Adapter> {
        &self.adapter
    }
}

/// Why an adapter can't be loaded or unloaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its files can't be used.
    #[error("the adapter can't be used: {0}")]
    Adapter(#[from] AdapterError),
    /// Its weights are others than the caller expects.
    #[error("the adapter's weights have another digest: {found}")]
    Digest {
        /// What they have.
        found: Digest,
    },
    /// It can't be read.
    #[error(
        "`{file}` of the adapter can't be read; is its folder in the node's folder for adapters?"
    )]
    File {
        /// Which file.
        file: &'static str,
    },
    /// All adapters together would take too much memory, or there are too many.
    #[error(
        "the adapters would take more than the node has for them ({limit} MiB); unload one first"
    )]
    Full {
        /// The limit in MiB.
        limit: usize,
    },
    /// The name means something else here.
    #[error("a model or an alias has this name")]
    NameTaken,
    /// No such adapter.
    #[error("no adapter of this name is loaded")]
    NotLoaded,
}

impl Adapters {
    /// No adapters yet, for the chat model `base`; their folders are in `dir`.
    ///
    /// # Errors
    ///
    /// [`ModelError`] when the model's files can't be read.
    pub fn new(
        base: &VerifiedModel,
        (dir, max_bytes): (PathBuf, usize),
        taken: Vec<String>,
    ) -> Result<Self, ModelError> {
        Ok(Self(Arc::new(Inner {
            base: base.manifest().name.clone(),
            shape: AdapterShape::of(&*open_model(base)?)?,
            dir,
            max_bytes,
            taken,
            loaded: RwLock::default(),
        })))
    }

    /// Loads an adapter, in the place of one of the same name; reads files, so it may take a while. Says what its
    /// weights' digest is.
    ///
    /// # Errors
    ///
    /// [`LoadError`]; nothing has changed then.
    pub fn load(&self, name: &Name, expected: Option<Digest>) -> Result<Digest, LoadError> {
        let read = self.read(name, expected)?;
        self.insert(name, read)
    }

    /// An adapter's files, checked; it is not there yet.
    fn read(&self, name: &Name, expected: Option<Digest>) -> Result<Loaded, LoadError> {
        let inner = &*self.0;
        if name == &inner.base || inner.taken.iter().any(|own| own == name.as_str()) {
            return Err(LoadError::NameTaken);
        }
        // A name has no separators, so it is a folder in this one.
        let folder = inner.dir.join(name.as_str());
        let config = folder.join(CONFIG);
        let small = std::fs::metadata(&config).is_ok_and(|own| own.len() <= MAX_CONFIG);
        let config = small.then(|| std::fs::read(&config).ok()).flatten();
        let config = config.ok_or(LoadError::File { file: CONFIG })?;
        let weights = folder.join(WEIGHTS);
        let weights = Mapped::open(&weights).map_err(|_| LoadError::File { file: WEIGHTS })?;
        let digest = Digest::of(weights.as_bytes());
        if expected.is_some_and(|expected| expected != digest) {
            return Err(LoadError::Digest { found: digest });
        }
        let files = AdapterFiles {
            config: &config,
            weights: &weights,
        };
        let read = Loaded {
            digest,
            adapter: Arc::new(Adapter::load(&files, &inner.shape)?),
        };
        let loaded = inner.loaded.read().unwrap_or_else(PoisonError::into_inner);
        inner.check_room(&loaded, name, &read)?;
        Ok(read)
    }

    /// Puts an adapter there, in the place of one of the same name.
    pub(super) fn insert(&self, name: &Name, read: Loaded) -> Result<Digest, LoadError> {
        let (inner, digest) = (&*self.0, read.digest);
        let mut loaded = inner.loaded.write().unwrap_or_else(PoisonError::into_inner);
        inner.check_room(&loaded, name, &read)?;
        loaded.insert(name.clone(), read);
        Ok(digest)
    }

    /// What adapters of the chat model must fit.
    pub(super) fn shape(&self) -> &AdapterShape {
        &self.0.shape
    }

    /// Takes an adapter away; what runs with it goes on. Gives the digest that its weights had.
    ///
    /// # Errors
    ///
    /// [`LoadError::NotLoaded`].
    pub fn unload(&self, name: &Name) -> Result<Digest, LoadError> {
        let mut loaded = self
            .0
            .loaded
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let gone = loaded.remove(name);
        gone.map(|own| own.digest).ok_or(LoadError::NotLoaded)
    }

    /// The adapter of this name.
    pub fn get(&self, name: &str) -> Option<(Name, Loaded)> {
        let loaded = self.0.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = loaded.iter();
        all.find(|(own, _)| own.as_str() == name)
            .map(|(name, own)| (name.clone(), own.clone()))
    }

    /// All of them, as models: with the base model's context and licence.
    pub(super) fn facts(&self, base: &ModelFacts) -> Vec<ModelFacts> {
        let loaded = self.0.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded
            .iter()
            .map(|(name, own)| ModelFacts {
                name: name.clone(),
                digest: own.digest,
                parent: Some(base.name.clone()),
                ..base.clone()
            })
            .collect()
    }
}

impl Inner {
    /// Whether `read` has room beside all but the one of its own name.
    fn check_room(
        &self,
        loaded: &BTreeMap<Name, Loaded>,
        name: &Name,
        read: &Loaded,
    ) -> Result<(), LoadError> {
        let others = loaded.iter().filter(|(own, _)| *own != name);
        let (n, bytes) = others.fold((0, 0), |(n, bytes), (_, own)| {
            (n + 1, bytes + own.adapter.bytes())
        });
        if n >= MAX_ADAPTERS || bytes + read.adapter.bytes() > self.max_bytes {
            return Err(LoadError::Full {
                limit: self.max_bytes >> 20,
            });
        }
        Ok(())
    }
}

impl super::Pipeline {
    /// Loads an adapter for those who run the node: it is served only if the audit log knows of it.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub async fn load_adapter(
        &self,
        (principal, request): (&Principal, RequestId),
        name: Name,
        expected: Option<Digest>,
    ) -> Result<Digest, Refused> {
        let gate = &self.parts.gate;
        let endpoint = "adapters.load";
        gate.admit_operator(principal, (request, endpoint)).await?;
        let adapters = self.parts.adapters.clone();
        let loading = name.clone();
        let read = tokio::task::spawn_blocking(move || adapters.read(&loading, expected));
        let read = read.await.map_err(|_| Refused::Internal)??;
        // Recorded before anything is served: what can't be recorded changes nothing.
        let event = change((principal, request), "load", &name, read.digest);
        let parts = Arc::clone(&self.parts);
        to_its_end(async move {
            parts.gate.record(event).await?;
            Ok(parts.adapters.insert(&name, read)?)
        })
        .await
    }

    /// Unloads an adapter; what runs with it goes on.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub async fn unload_adapter(
        &self,
        (principal, request): (&Principal, RequestId),
        name: Name,
    ) -> Result<Digest, Refused> {
        let gate = &self.parts.gate;
        let endpoint = "adapters.unload";
        gate.admit_operator(principal, (request, endpoint)).await?;
        let found = self.parts.adapters.get(name.as_str());
        let (_, loaded) = found.ok_or(LoadError::NotLoaded)?;
        let event = change((principal, request), "unload", &name, loaded.digest);
        let parts = Arc::clone(&self.parts);
        to_its_end(async move {
            parts.gate.record(event).await?;
            Ok(parts.adapters.unload(&name)?)
        })
        .await
    }
}

fn change(
    (principal, request): (&Principal, RequestId),
    change: &'static str,
    name: &Name,
    digest: Digest,
) -> Event {
    Event::AdapterChange {
        request,
        key: principal.key_id().clone(),
        change,
        name: name.clone(),
        digest,
    }
}

/// What answers: the chat model, perhaps with an adapter.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) name: Name,
    pub(super) digest: Digest,
    pub(super) adapter: Option<Arc<Adapter>>,
    pub(super) generator: Arc<Generator>,
}

impl super::Parts {
    /// What answers to a request for the model `written`, or, where that is the chat model itself, to one for a
    /// use case that has a model or an adapter of its own.
    pub(super) fn served(
        &self,
        written: &str,
        use_case: Option<&UseCase>,
    ) -> Result<Served, Refused> {
        let (asked, chat) = (self.name_of(written), self.generators.chat());
        let with = |(name, loaded): (Name, Loaded)| Served {
            name,
            digest: loaded.digest,
            adapter: Some(Arc::clone(loaded.adapter())),
            generator: Arc::clone(chat),
        };
        let plain = |own: &Arc<Generator>| Served {
            name: own.facts.name.clone(),
            digest: own.facts.digest,
            adapter: None,
            generator: Arc::clone(own),
        };
        if asked != chat.facts.name.as_str() {
            let found = self.generators.find(asked).map(plain);
            let found = found.or_else(|| self.adapters.get(asked).map(with));
            return found.ok_or_else(|| self.unknown_model());
        }
        if let Some(name) = use_case.and_then(UseCase::model) {
            let found = self.generators.find(name.as_str()).map(plain);
            return found.ok_or_else(|| Refused::ModelUnavailable { name: name.clone() });
        }
        match use_case.and_then(UseCase::adapter) {
            Some(name) => match self.adapters.get(name.as_str()) {
                Some(found) => Ok(with(found)),
                None => Err(Refused::AdapterMissing { name: name.clone() }),
            },
            None => Ok(plain(chat)),
        }
    }
}
