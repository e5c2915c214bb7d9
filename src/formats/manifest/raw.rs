//! A manifest as it is written, and the rules that it has to keep.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{FileEntry, Format, Kind, Licence, Manifest, Pooling, Source, Template};
use crate::formats::mapping::MAX_FILE_BYTES;
use crate::formats::shown;
use crate::types::{Digest, Name};

/// Most files of a model, and most sources.
const MAX_ENTRIES: usize = 64;
/// Longest context that makes sense.
const MAX_CONTEXT: usize = 1 << 24;
/// Longest text of a manifest's single-line entries, in bytes.
const MAX_LINE_BYTES: usize = 1024;

/// A manifest breaks a rule.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It isn't TOML, or has an unknown, missing or mistyped key. The parser's words show the line.
    #[error("{source}")]
    Toml {
        /// The parser's words.
        #[from]
        source: toml::de::Error,
    },
    /// The manifest's file isn't named after the model.
    #[error("the file has to be named {name}.toml after its model")]
    FileName {
        /// The model's name.
        name: Name,
    },
    /// There are too many manifests in the folder.
    #[error("more than {limit} manifests")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// A value is out of its range.
    #[error("{key} is {found}; {rule}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value, quoted and cut.
        found: String,
        /// What it may be.
        rule: &'static str,
    },
    /// A key that this kind of model needs is missing.
    #[error("{key} is missing, which a model of this kind needs")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A key that this kind of model can't have.
    #[error("{key} is given, which a model of this kind doesn't have")]
    Unwanted {
        /// The key.
        key: &'static str,
    },
    /// The same file twice.
    #[error("file {file} is listed twice")]
    DuplicateFile {
        /// The file.
        file: String,
    },
    /// A source has a file that the manifest doesn't list.
    #[error("a source has file {file}, which the manifest doesn't list")]
    UnlistedFile {
        /// The file.
        file: String,
    },
    /// A file is in no source.
    #[error("file {file} is in no source")]
    NoSource {
        /// The file.
        file: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    name: Name,
    kind: Kind,
    architecture: String,
    format: Format,
    description: String,
    upstream: Option<String>,
    licence: RawLicence,
    context: Option<usize>,
    chat_template: Option<String>,
    pooling: Option<Pooling>,
    #[serde(rename = "file")]
    files: Vec<RawFile>,
    #[serde(rename = "source", default)]
    sources: Vec<RawSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLicence {
    spdx: String,
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    name: String,
    sha256: Digest,
    bytes: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "kind")]
enum RawSource {
    Hub {
        repo: String,
        revision: String,
        files: BTreeMap<String, String>,
    },
    PyPi {
        package: String,
        version: String,
        wheel_sha256: Option<Digest>,
        members: BTreeMap<String, String>,
    },
}

/// Parses and checks a manifest.
pub(super) fn parse(text: &str) -> Result<Manifest, ManifestError> {
    let raw: RawManifest = toml::from_str(text)?;
    let chat_template = match (raw.kind, raw.chat_template.as_deref()) {
        (Kind::Chat, Some("embedded")) => Some(Template::Embedded),
        (Kind::Chat, Some(inline)) => Some(Template::Inline(inline.to_owned())),
        (Kind::Embeddings | Kind::TokenClassification, None) => None,
        (Kind::Chat, None) => return Err(missing("chat_template")),
        (Kind::Embeddings | Kind::TokenClassification, Some(_)) => {
            return Err(unwanted("chat_template"));
        }
    };
    match (raw.kind, raw.pooling) {
        (Kind::Embeddings, Some(_)) | (Kind::Chat | Kind::TokenClassification, None) => {}
        (Kind::Embeddings, None) => return Err(missing("pooling")),
        (Kind::Chat | Kind::TokenClassification, Some(_)) => return Err(unwanted("pooling")),
    }
    check("architecture", &raw.architecture, &WORD)?;
    check("description", &raw.description, &LINE)?;
    // What is built in or trained by the operator comes from nowhere else, and its weights know their window.
    let own = raw.kind == Kind::TokenClassification;
    if let Some(upstream) = &raw.upstream {
        check("upstream", upstream, &URL)?;
    }
    let context = raw
        .context
        .or_else(|| own.then_some(1))
        .ok_or_else(|| missing("context"))?;
    let upstream = raw.upstream.or_else(|| own.then(String::new));
    let upstream = upstream.ok_or_else(|| missing("upstream"))?;
    check("licence.spdx", &raw.licence.spdx, &SPDX)?;
    check("licence.url", &raw.licence.url, &URL)?;
    if !(1..=MAX_CONTEXT).contains(&context) {
        return Err(ManifestError::Value {
            key: "context",
            found: context.to_string(),
            rule: "it is 1 to 16777216 tokens",
        });
    }
    let files = check_files(raw.files)?;
    let sources = check_sources(raw.sources, &files)?;
    Ok(Manifest {
        name: raw.name,
        kind: raw.kind,
        architecture: raw.architecture,
        format: raw.format,
        description: raw.description,
        upstream,
        licence: Licence {
            spdx: raw.licence.spdx,
            url: raw.licence.url,
        },
        context,
        chat_template,
        pooling: raw.pooling,
        files,
        sources,
    })
}

fn check_files(raw: Vec<RawFile>) -> Result<Vec<FileEntry>, ManifestError> {
    check_count("file", raw.len(), 1)?;
    let mut names = BTreeSet::new();
    let mut files = Vec::with_capacity(raw.len());
    for RawFile {
        name,
        sha256,
        bytes,
    } in raw
    {
        check("file.name", &name, &FILE)?;
        if !(1..=MAX_FILE_BYTES).contains(&bytes) {
            return Err(ManifestError::Value {
                key: "file.bytes",
                found: bytes.to_string(),
                rule: "it is 1 to 1099511627776",
            });
        }
        if !names.insert(name.clone()) {
            return Err(ManifestError::DuplicateFile { file: shown(&name) });
        }
        files.push(FileEntry {
            name,
            sha256,
            bytes,
        });
    }
    Ok(files)
}

fn check_sources(raw: Vec<RawSource>, files: &[FileEntry]) -> Result<Vec<Source>, ManifestError> {
    check_count("source", raw.len(), 0)?;
    let sources = raw
        .into_iter()
        .map(|source| check_source(source, files))
        .collect::<Result<Vec<_>, _>>()?;
    // With no source at all, files come by hand or from a path.
    let homeless = files
        .iter()
        .find(|file| !sources.is_empty() && !sources.iter().any(|s| s.has(&file.name)));
    match homeless {
        Some(file) => Err(ManifestError::NoSource {
            file: shown(&file.name),
        }),
        None => Ok(sources),
    }
}

fn check_source(raw: RawSource, listed: &[FileEntry]) -> Result<Source, ManifestError> {
    let check_map = |key, map: &BTreeMap<String, String>| {
        for (file, path) in map {
            if !listed.iter().any(|entry| entry.name == *file) {
                return Err(ManifestError::UnlistedFile { file: shown(file) });
            }
            check(key, path, &PATH)?;
        }
        Ok(())
    };
    match raw {
        RawSource::Hub {
            repo,
            revision,
            files,
        } => {
            check("source.repo", &repo, &REPO)?;
            check("source.revision", &revision, &PATH)?;
            check_map("source.files", &files)?;
            Ok(Source::Hub {
                repo,
                revision,
                files,
            })
        }
        RawSource::PyPi {
            package,
            version,
            wheel_sha256,
            members,
        } => {
            check("source.package", &package, &WORD)?;
            check("source.version", &version, &WORD)?;
            check_map("source.members", &members)?;
            Ok(Source::PyPi {
                package,
                version,
                wheel_sha256,
                members,
            })
        }
    }
}

impl Source {
    /// Whether the source has the file of this name.
    pub fn has(&self, file: &str) -> bool {
        let (Self::Hub { files, .. } | Self::PyPi { members: files, .. }) = self;
        files.contains_key(file)
    }
}

/// A rule for a text: what it says, and whether a text keeps it.
struct Rule {
    says: &'static str,
    holds: fn(&str) -> bool,
}

const WORD: Rule = Rule {
    says: "it has letters, digits and '.', '_', '-', '+', '!', and starts with a letter or digit",
    holds: is_word,
};
const LINE: Rule = Rule {
    says: "it is one line with text in it",
    holds: |text| !text.trim().is_empty() && !text.chars().any(char::is_control),
};
const URL: Rule = Rule {
    says: "it is an https address",
    holds: |text| {
        text.strip_prefix("https://")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic()))
    },
};
const SPDX: Rule = Rule {
    says: "it is an SPDX expression",
    holds: |text| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b" .-+()".contains(&b))
    },
};
const FILE: Rule = Rule {
    says: "it is a plain file name: no folder, no '..', letters, digits and '.', '_', '-', '+'",
    holds: is_word,
};
const PATH: Rule = Rule {
    says: "it is a relative path of plain names",
    holds: |text| {
        text.split('/')
            .all(|part| is_word(part.trim_start_matches('_')))
    },
};
const REPO: Rule = Rule {
    says: "it is OWNER/NAME",
    holds: |text| text.split('/').count() == 2 && text.split('/').all(is_word),
};

/// Whether a text is a plain file name: no folder, nothing hidden, no way up.
pub(in crate::formats) fn is_plain_name(text: &str) -> bool {
    is_word(text)
}

/// Starts with a letter or digit, so it is neither an option nor hidden nor a way up.
fn is_word(text: &str) -> bool {
    text.bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-+!".contains(&b))
}

fn check(key: &'static str, text: &str, rule: &Rule) -> Result<(), ManifestError> {
    if text.len() <= MAX_LINE_BYTES && (rule.holds)(text) {
        return Ok(());
    }
    Err(ManifestError::Value {
        key,
        found: shown(text),
        rule: rule.says,
    })
}

fn check_count(key: &'static str, count: usize, least: usize) -> Result<(), ManifestError> {
    if (least..=MAX_ENTRIES).contains(&count) {
        return Ok(());
    }
    Err(ManifestError::Value {
        key,
        found: format!("a list of {count}"),
        rule: "at least one file, at most 64 files and sources",
    })
}

const fn missing(key: &'static str) -> ManifestError {
    ManifestError::Missing { key }
}

const fn unwanted(key: &'static str) -> ManifestError {
    ManifestError::Unwanted { key }
}
