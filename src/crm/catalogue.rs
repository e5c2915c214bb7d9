//! All use cases of a node.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::parse;
use super::{CatalogueError, UseCase};

/// The longest file of a use case.
const MAX_FILE_BYTES: usize = 256 << 10;
/// The most files in the operator's folder.
const MAX_FILES: usize = 1_000;

/// The use cases that come with the program.
const SHIPPED: [(&str, &str); 5] = [
    (
        "prompts/account-briefing.toml",
        include_str!("../../prompts/account-briefing.toml"),
    ),
    (
        "prompts/call-notes-digest.toml",
        include_str!("../../prompts/call-notes-digest.toml"),
    ),
    (
        "prompts/case-summary.toml",
        include_str!("../../prompts/case-summary.toml"),
    ),
    (
        "prompts/personalised-offer.toml",
        include_str!("../../prompts/personalised-offer.toml"),
    ),
    (
        "prompts/reply-draft.toml",
        include_str!("../../prompts/reply-draft.toml"),
    ),
];

/// Their versions for the adapter that comes with the program.
const ADAPTED: [(&str, &str); 5] = [
    (
        "prompts/adapted/account-briefing.toml",
        include_str!("../../prompts/adapted/account-briefing.toml"),
    ),
    (
        "prompts/adapted/call-notes-digest.toml",
        include_str!("../../prompts/adapted/call-notes-digest.toml"),
    ),
    (
        "prompts/adapted/case-summary.toml",
        include_str!("../../prompts/adapted/case-summary.toml"),
    ),
    (
        "prompts/adapted/personalised-offer.toml",
        include_str!("../../prompts/adapted/personalised-offer.toml"),
    ),
    (
        "prompts/adapted/reply-draft.toml",
        include_str!("../../prompts/adapted/reply-draft.toml"),
    ),
];

/// The use cases of a node: the shipped ones and those of the operator's folder.
#[derive(Debug)]
pub struct Catalogue {
    /// By name, then by version.
    use_cases: Vec<Arc<UseCase>>,
}

impl Catalogue {
    /// Loads the shipped use cases, with their versions for the shipped adapter where it is there, and every
    /// `*.toml` in the folder `extra`.
    ///
    /// # Errors
    ///
    /// [`CatalogueError`] names the file, the line and the key. One mistake refuses all: a node does not
    /// start with half of its use cases.
    pub fn load(extra: Option<&Path>, adapted: bool) -> Result<Self, CatalogueError> {
        let mut found: Vec<(String, Arc<UseCase>)> = Vec::new();
        let adapted = ADAPTED.iter().filter(|_| adapted);
        for (origin, text) in SHIPPED.iter().chain(adapted) {
            add(&mut found, (*origin).to_owned(), text)?;
        }
        for path in extra.map_or(Ok(Vec::new()), files)? {
            let text = read(&path)?;
            add(&mut found, path.display().to_string(), &text)?;
        }
        let mut use_cases: Vec<Arc<UseCase>> = found.into_iter().map(|(_, own)| own).collect();
        use_cases.sort_by(|a, b| (a.name(), a.version()).cmp(&(b.name(), b.version())));
        Ok(Self { use_cases })
    }

    /// The use case `name` in `version`, or in its newest.
    pub fn find(&self, name: &str, version: Option<u32>) -> Option<Arc<UseCase>> {
        self.use_cases
            .iter()
            .rev()
            .find(|known| {
                known.name().as_str() == name && version.is_none_or(|v| known.version() == v)
            })
            .cloned()
    }

    /// The name that `written` was probably meant to be.
    pub fn nearest(&self, written: &str) -> Option<String> {
        let known = self.use_cases.iter().map(|known| known.name().as_str());
        super::nearest(written, known)
    }

    /// Every use case, by name and version.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<UseCase>> {
        self.use_cases.iter()
    }
}

fn add(
    found: &mut Vec<(String, Arc<UseCase>)>,
    origin: String,
    text: &str,
) -> Result<(), CatalogueError> {
    let own = parse(text, &origin)?;
    let same = found
        .iter()
        .find(|(_, known)| known.name() == own.name() && known.version() == own.version());
    if let Some((first, _)) = same {
        return Err(CatalogueError::Duplicate {
            name: own.name().clone(),
            version: own.version(),
            first: first.clone(),
            second: origin,
        });
    }
    found.push((origin, Arc::new(own)));
    Ok(())
}

/// The folder's `*.toml`, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, CatalogueError> {
    let failed = |source| CatalogueError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
        if paths.len() > MAX_FILES {
            return Err(CatalogueError::TooLarge {
                path: folder.to_owned(),
                limit: MAX_FILES,
                unit: "files",
            });
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, CatalogueError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| {
            let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
            file.take(limit.saturating_add(1)).read_to_string(&mut text)
        })
        .map_err(|source| CatalogueError::Read {
            path: path.to_owned(),
            source,
        })?;
    if text.len() > MAX_FILE_BYTES {
        return Err(CatalogueError::TooLarge {
            path: path.to_owned(),
            limit: MAX_FILE_BYTES,
            unit: "bytes",
        });
    }
    Ok(text)
}
