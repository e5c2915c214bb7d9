//! Files that callers upload and refer to later.
//!
//! A file belongs to a principal and lies in the store, its name and its content sealed for that owner and
//! identifier. Nothing reads it but its owner's requests. Each request about files has its entry in the audit
//! log: what was uploaded, listed, read or deleted is known there by number and never by name.

mod error;

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::FilesConfig;
use crate::policy::{Ask, Permit, Principal};
use crate::store::{
    FileBounds, FileList, FileRow, FilesFull, Place, SecretKey, Store, StoreError, seal, unseal,
};
use crate::types::{Name, RequestId, Sensitive, SharedClock, Timestamp};

pub use self::error::FileError;

use super::ids::FileId;
use super::recorded::Tally;
use super::tasks::every;
use super::{Pipeline, Recorded, Refused};

/// How often expired files are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// An upload, as the audit log names it.
const CREATE: &str = "files.create";
/// The table's name, of which each content's key is made; and that of the names.
const CONTENTS: &str = "files";
const NAMES: &str = "file names";

/// The node's files; clones are the same ones.
#[derive(Clone, Debug)]
pub struct Files(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    root: SecretKey,
    config: FilesConfig,
    clock: SharedClock,
}

/// A file that comes in.
#[derive(Debug)]
pub struct Upload {
    /// What it is for: `batch` or `user_data`.
    pub purpose: &'static str,
    /// What its owner calls it.
    pub name: Sensitive<String>,
    /// What is in it.
    pub content: Sensitive<Vec<u8>>,
    /// How long it is to be kept; `None`: as long as the node keeps files.
    pub lifetime: Option<Duration>,
}

/// What is known of a file.
#[derive(Debug)]
pub struct File {
    /// Its identifier.
    pub id: FileId,
    /// What its owner calls it.
    pub name: Sensitive<String>,
    /// What it is for.
    pub purpose: String,
    /// Bytes of its content.
    pub bytes: u64,
    /// When it was uploaded.
    pub created: Timestamp,
    /// When it is removed.
    pub expires: Timestamp,
}

/// Which files are asked for.
#[derive(Debug)]
pub struct Listing {
    /// Only those for this.
    pub purpose: Option<String>,
    /// Only those after this one.
    pub after: Option<FileId>,
    /// Whether the oldest come first.
    pub oldest_first: bool,
    /// At most as many.
    pub limit: u32,
}

impl Files {
    /// The files in `store`, sealed under keys from `root`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn open(
        (store, root): (Arc<Store>, SecretKey),
        config: FilesConfig,
        clock: SharedClock,
    ) -> Result<Self, StoreError> {
        store.remove_expired_files(clock.now())?;
        Ok(Self(Arc::new(Inner {
            store,
            root,
            config,
            clock,
        })))
    }

    /// Most bytes of one file.
    pub fn max_bytes(&self) -> usize {
        self.0.config.max_file_bytes
    }

    /// Whether this node keeps files at all.
    ///
    /// # Errors
    ///
    /// [`FileError::Disabled`].
    pub fn check_enabled(&self) -> Result<(), FileError> {
        if self.0.config.max_per_key == 0 {
            return Err(FileError::Disabled);
        }
        Ok(())
    }

    /// The text of a file of `owner` that a request refers to; the request is what the audit log knows.
    ///
    /// # Errors
    ///
    /// [`FileError::NotFound`]; [`FileError::NotText`] where it is no UTF-8; [`FileError::Store`].
    pub async fn text(&self, owner: &Name, id: &FileId) -> Result<Sensitive<String>, FileError> {
        let (owner, id, inner) = (owner.clone(), id.clone(), Arc::clone(&self.0));
        let read = tokio::task::spawn_blocking(move || inner.content(&owner, &id));
        let content = read.await.map_err(|_| FileError::Internal)??;
        String::from_utf8(content.into_exposed())
            .map(Sensitive::new)
            .map_err(|_| FileError::NotText)
    }

    /// Removes what has expired, every minute, until `stop`.
    pub async fn sweep(&self, stop: CancellationToken) {
        every(SWEEP_EVERY, stop, || self.expire()).await;
    }

    /// Removes what has expired by now.
    async fn expire(&self) {
        let inner = Arc::clone(&self.0);
        let removed = tokio::task::spawn_blocking(move || {
            inner.store.remove_expired_files(inner.clock.now())
        });
        match removed.await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(removed)) => tracing::debug!(removed, "files expired"),
            Ok(Err(error)) => tracing::error!(%error, "expired files can't be removed"),
        }
    }
}

impl Pipeline {
    /// The node's files.
    pub fn files(&self) -> &Files {
        &self.parts.files
    }

    /// Takes one of the caller's places in flight while a file arrives; [`Pipeline::upload`] takes one again, so it
    /// has to be given back before.
    ///
    /// # Errors
    ///
    /// [`Refused::Policy`].
    pub async fn upload_place(
        &self,
        (principal, request): (&Principal, RequestId),
    ) -> Result<Permit, Refused> {
        let place = self.parts.gate.place(principal, (request, CREATE)).await;
        place.map_err(|refusal| {
            self.count_refusal(&refusal);
            refusal.into()
        })
    }

    /// Keeps a file for its owner.
    ///
    /// # Errors
    ///
    /// [`Refused`]; what was admitted is closed in the audit log before this returns.
    pub async fn upload(
        &self,
        (principal, request): (&Arc<Principal>, RequestId),
        upload: Upload,
    ) -> Result<Recorded<File>, Refused> {
        let id = FileId::of(request);
        self.on_files((principal, request), CREATE, |files, owner| {
            files.add(owner, id, upload)
        })
        .await
    }

    /// What is known of a file.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::upload`].
    pub async fn file(
        &self,
        (principal, request): (&Arc<Principal>, RequestId),
        id: FileId,
    ) -> Result<Recorded<File>, Refused> {
        self.on_files(
            (principal, request),
            "files.retrieve",
            move |files, owner| files.find(owner, &id),
        )
        .await
    }

    /// What is known of several, and whether there are more.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::upload`].
    pub async fn list_files(
        &self,
        (principal, request): (&Arc<Principal>, RequestId),
        listing: Listing,
    ) -> Result<Recorded<(Vec<File>, bool)>, Refused> {
        self.on_files((principal, request), "files.list", move |files, owner| {
            files.list(owner, &listing)
        })
        .await
    }

    /// What is in a file.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::upload`].
    pub async fn file_content(
        &self,
        (principal, request): (&Arc<Principal>, RequestId),
        id: FileId,
    ) -> Result<Recorded<Sensitive<Vec<u8>>>, Refused> {
        self.on_files(
            (principal, request),
            "files.content",
            move |files, owner| files.content(owner, &id),
        )
        .await
    }

    /// Removes a file for good.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::upload`].
    pub async fn remove_file(
        &self,
        (principal, request): (&Arc<Principal>, RequestId),
        id: FileId,
    ) -> Result<Recorded<()>, Refused> {
        self.on_files((principal, request), "files.delete", move |files, owner| {
            files.remove(owner, &id)
        })
        .await
    }

    async fn on_files<T: Send + 'static>(
        &self,
        (principal, request): (&Arc<Principal>, RequestId),
        endpoint: &'static str,
        work: impl FnOnce(&Inner, &Name) -> Result<T, FileError> + Send + 'static,
    ) -> Result<Recorded<T>, Refused> {
        let parts = &self.parts;
        parts.files.check_enabled()?;
        let arrived = parts.clock.instant();
        let (model, model_digest) = parts.no_model();
        let admission = Ask {
            principal,
            request,
            endpoint,
            model,
            model_digest,
            terms: parts.gate.files_terms(),
            records: Vec::new(),
        };
        let (files, owner) = (Arc::clone(&parts.files.0), principal.name().clone());
        let work = move |_: &_, _: &mut _| Ok((work(&files, &owner)?, Tally::default()));
        self.recorded(admission, arrived, ready(Ok(())), work).await
    }
}

impl Inner {
    fn add(&self, owner: &Name, id: FileId, upload: Upload) -> Result<File, FileError> {
        let now = self.clock.now();
        let config = &self.config;
        let content = upload.content.expose();
        if content.len() > config.max_file_bytes {
            return Err(FileError::TooLarge {
                limit: config.max_file_bytes,
            });
        }
        let lifetime = upload.lifetime.unwrap_or(config.retention);
        let sealed = |table, text: &[u8]| seal(&self.root, place(table, owner, &id), text);
        let row = FileRow {
            id: id.as_str().to_owned(),
            owner: owner.as_str().to_owned(),
            purpose: upload.purpose.to_owned(),
            bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
            created: now,
            expires: now.plus(lifetime.min(config.retention)),
            name: sealed(NAMES, upload.name.expose().as_bytes())?,
        };
        let bounds = FileBounds {
            per_owner: config.max_per_key,
            bytes: config.max_bytes,
        };
        let content = sealed(CONTENTS, content)?;
        match self.store.add_file(&row, &content, bounds, now)? {
            None => Ok(File {
                id,
                name: upload.name,
                purpose: row.purpose,
                bytes: row.bytes,
                created: row.created,
                expires: row.expires,
            }),
            Some(FilesFull::Owner) => Err(FileError::TooMany {
                limit: config.max_per_key,
            }),
            Some(FilesFull::Bytes) => Err(FileError::Full),
        }
    }

    fn find(&self, owner: &Name, id: &FileId) -> Result<File, FileError> {
        let found = self
            .store
            .file((id.as_str(), owner.as_str()), self.clock.now())?;
        self.open_row(owner, found.ok_or(FileError::NotFound)?)
    }

    fn list(&self, owner: &Name, listing: &Listing) -> Result<(Vec<File>, bool), FileError> {
        let list = FileList {
            purpose: listing.purpose.as_deref(),
            after: listing.after.as_ref().map(FileId::as_str),
            oldest_first: listing.oldest_first,
            // One more shows that there are more.
            limit: listing.limit.saturating_add(1),
        };
        let rows = self.store.files(owner.as_str(), list, self.clock.now())?;
        let rows = rows.ok_or(FileError::NotFound)?;
        let most = usize::try_from(listing.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > most;
        let files = rows.into_iter().take(most);
        let files = files.map(|row| self.open_row(owner, row));
        Ok((files.collect::<Result<_, _>>()?, has_more))
    }

    fn content(&self, owner: &Name, id: &FileId) -> Result<Sensitive<Vec<u8>>, FileError> {
        let sealed = self
            .store
            .file_content((id.as_str(), owner.as_str()), self.clock.now())?
            .ok_or(FileError::NotFound)?;
        let content = unseal(&self.root, place(CONTENTS, owner, id), &sealed)?;
        Ok(Sensitive::new(content))
    }

    fn remove(&self, owner: &Name, id: &FileId) -> Result<(), FileError> {
        let place = (id.as_str(), owner.as_str());
        if self.store.remove_file(place, self.clock.now())? {
            Ok(())
        } else {
            Err(FileError::NotFound)
        }
    }

    fn open_row(&self, owner: &Name, row: FileRow) -> Result<File, FileError> {
        let unsound = StoreError::Row {
            table: "files",
            column: "id",
        };
        let id = FileId::parse(&row.id).ok_or(unsound)?;
        let name = unseal(&self.root, place(NAMES, owner, &id), &row.name)?;
        let name = String::from_utf8(name).map_err(|_| StoreError::Seal)?;
        Ok(File {
            id,
            name: Sensitive::new(name),
            purpose: row.purpose,
            bytes: row.bytes,
            created: row.created,
            expires: row.expires,
        })
    }
}

fn place<'a>(table: &'static str, owner: &'a Name, id: &'a FileId) -> Place<'a> {
    Place {
        table,
        owner: owner.as_str(),
        id: id.as_str(),
    }
}
