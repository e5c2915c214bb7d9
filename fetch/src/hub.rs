//! A model hub, over HTTP, with the `hf-hub` client.
//!
//! The client resolves the file, follows redirects, sends the token (only to the hub itself) and streams
//! a byte range; where the bytes go is ours: they are appended to the partial file, so a transfer that
//! breaks off goes on where it stopped, in the same run or a later one.

use std::path::Path;
use std::time::Duration;

use bailiwick::formats::manifest::FileEntry;
use futures_util::StreamExt as _;
use hf_hub::{HFClient, HFError};
use indicatif::ProgressBar;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::SourceError;
use crate::error::cut;
use crate::partial::Partial;

/// Longest silence of the hub.
const SILENCE: Duration = Duration::from_secs(60);
/// Most times in a row that a transfer breaks off without a new byte.
const MAX_IDLE_BREAKS: u32 = 3;
/// Wait before the first repetition; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// A connection to a hub.
#[derive(Debug)]
pub(crate) struct Hub {
    client: HFClient,
    runtime: Runtime,
}

/// A file of a hub's repository.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// `owner/name`.
    pub(crate) repo: &'a str,
    /// Branch, tag or commit.
    pub(crate) revision: &'a str,
    /// The path in the repository.
    pub(crate) path: &'a str,
}

impl Hub {
    /// Sets a client up; connects nowhere yet. Without an endpoint or token, the client's own
    /// environment counts (`HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`).
    pub(crate) fn new(endpoint: Option<&str>, token: Option<&str>) -> Result<Self, SourceError> {
        let mut builder = HFClient::builder()
            .user_agent(concat!("bailiwick-fetch/", env!("CARGO_PKG_VERSION")))
            .cache_enabled(false)
            .retry_max_attempts(2);
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint(endpoint);
        }
        if let Some(token) = token {
            builder = builder.token(token);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| SourceError::HubTransfer {
                reason: cut(&error.to_string()),
            })?;
        Ok(Self {
            client: builder.build().map_err(|error| words_for(&error))?,
            runtime,
        })
    }

    /// Where the hub is.
    pub(crate) fn endpoint(&self) -> &str {
        self.client.endpoint()
    }

    /// Brings a file, going on from what is there.
    pub(crate) fn fetch(
        &self,
        place: Place<'_>,
        entry: &FileEntry,
        dir: &Path,
        bar: &ProgressBar,
    ) -> Result<(), SourceError> {
        let mut partial = Partial::resume(dir, entry, bar)?;
        let resumed = partial.written() > 0;
        let outcome = self
            .runtime
            .block_on(self.bring(place, &mut partial))
            .and_then(|()| partial.finish());
        match outcome {
            // What was there may have come from elsewhere, or the hub doesn't know ranges: once more,
            // from nothing.
            Err(SourceError::Digest { .. } | SourceError::Size { .. }) if resumed => {
                let mut partial = Partial::afresh(dir, entry, bar)?;
                self.runtime.block_on(self.bring(place, &mut partial))?;
                partial.finish()
            }
            outcome => outcome,
        }
    }

    /// Streams until everything is there; goes on where a transfer breaks off.
    async fn bring(&self, place: Place<'_>, partial: &mut Partial<'_>) -> Result<(), SourceError> {
        let mut idle_breaks = 0;
        while partial.missing() > 0 {
            let before = partial.written();
            let error = match self.stream(place, partial).await {
                Ok(()) if partial.missing() == 0 => break,
                Ok(()) => SourceError::HubTransfer {
                    reason: format!("it ended after {} bytes", partial.written()),
                },
                Err(error) => error,
            };
            let worth_repeating = matches!(
                error,
                SourceError::HubTransfer { .. } | SourceError::HubSilent { .. }
            );
            idle_breaks = if partial.written() > before {
                0
            } else {
                idle_breaks + 1
            };
            // One that never gave a byte was already repeated by the client.
            if !worth_repeating || idle_breaks >= MAX_IDLE_BREAKS || partial.written() == 0 {
                return Err(error);
            }
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(idle_breaks)).await;
        }
        Ok(())
    }

    /// One request for all that is missing.
    async fn stream(&self, place: Place<'_>, partial: &mut Partial<'_>) -> Result<(), SourceError> {
        let silent = |_| SourceError::HubSilent {
            seconds: SILENCE.as_secs(),
        };
        let (owner, name) = place.repo.split_once('/').unwrap_or(("", place.repo));
        let repository = self.client.model(owner, name);
        let written = partial.written();
        let range = (written > 0).then(|| written..written + partial.missing());
        let request = repository
            .download_file_stream()
            .filename(place.path)
            .revision(place.revision)
            .maybe_range(range)
            .send();
        let (_, mut stream) = timeout(SILENCE, request)
            .await
            .map_err(silent)?
            .map_err(|error| words_for(&error))?;
        while let Some(bytes) = timeout(SILENCE, stream.next()).await.map_err(silent)? {
            partial.write(&bytes.map_err(|error| words_for(&error))?)?;
        }
        Ok(())
    }
}

/// The client's error without addresses, which may carry signatures.
fn words_for(error: &HFError) -> SourceError {
    let status = |status: u16, detail: Option<&str>| SourceError::HubStatus {
        status,
        detail: detail.map(cut),
    };
    match error {
        HFError::AuthRequired { .. } => SourceError::HubToken,
        HFError::Http { context, .. }
        | HFError::Forbidden { context, .. }
        | HFError::Conflict { context, .. }
        | HFError::RateLimited { context, .. } => {
            status(context.status.as_u16(), context.server_message.as_deref())
        }
        HFError::RepoNotFound { .. } => status(404, Some("no such repository")),
        HFError::RevisionNotFound { .. } => status(404, Some("no such revision")),
        HFError::EntryNotFound { .. } => status(404, Some("no such file")),
        HFError::Request { source, .. } => SourceError::HubTransfer {
            reason: innermost(source),
        },
        other => SourceError::HubTransfer {
            reason: cut(&other.to_string()),
        },
    }
}

/// The words of the first cause: "connection refused" says more than "error sending request".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cut(&cause.to_string())
}
