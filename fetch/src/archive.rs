//! Takes single files out of wheels, zip files and tarballs.
//!
//! Nothing is unpacked by the archive's own names: a member is streamed into the file that the manifest
//! names, bounded by the manifest's size and judged by its digest. So a hostile archive can neither
//! write elsewhere nor fill the disk.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use bailiwick::formats::manifest::FileEntry;
use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;
use zip::ZipArchive;

use crate::SourceError;
use crate::error::cut;
use crate::partial::Partial;

/// Most members of an archive that are looked at.
const MAX_MEMBERS: usize = 1 << 20;

/// What an archive is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Zip,
    Tar,
    TarGz,
}

impl Kind {
    /// The kind of the file of this name; `None` for no archive.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        [
            (".whl", Self::Zip),
            (".zip", Self::Zip),
            (".tar", Self::Tar),
            (".tar.gz", Self::TarGz),
            (".tgz", Self::TarGz),
        ]
        .into_iter()
        .find_map(|(end, kind)| name.ends_with(end).then_some(kind))
    }
}

/// A file that is wanted out of an archive.
pub(crate) struct Wanted<'a> {
    /// The manifest's entry.
    pub(crate) entry: &'a FileEntry,
    /// Where it may be, best first: whole member paths.
    pub(crate) members: Vec<&'a str>,
}

impl Wanted<'_> {
    /// Whether a member of this path and size could be the file: a known path, or else the same file
    /// name. The size has to be right either way; the digest decides.
    fn may_be(&self, path: &str, size: u64) -> bool {
        let base = path.rsplit('/').next().unwrap_or(path);
        size == self.entry.bytes && (self.members.contains(&path) || base == self.entry.name)
    }
}

/// Takes a wanted file out of an archive.
pub(crate) fn extract(
    archive: &Path,
    kind: Kind,
    wanted: &Wanted<'_>,
    dir: &Path,
    bar: &ProgressBar,
) -> Result<(), SourceError> {
    let file = File::open(archive).map_err(|source| SourceError::Io {
        path: archive.to_owned(),
        source,
    })?;
    let reader = BufReader::new(file);
    match kind {
        Kind::Zip => extract_zip(reader, archive, wanted, dir, bar),
        Kind::Tar => extract_tar(reader, archive, wanted, dir, bar),
        Kind::TarGz => extract_tar(MultiGzDecoder::new(reader), archive, wanted, dir, bar),
    }
}

fn extract_zip(
    reader: BufReader<File>,
    archive: &Path,
    wanted: &Wanted<'_>,
    dir: &Path,
    bar: &ProgressBar,
) -> Result<(), SourceError> {
    let broken = |error: zip::result::ZipError| SourceError::Archive {
        reason: cut(&error.to_string()),
    };
    let mut zip = ZipArchive::new(reader).map_err(broken)?;
    let mut candidates = Vec::new();
    for idx in 0..zip.len().min(MAX_MEMBERS) {
        let member = zip.by_index_raw(idx).map_err(broken)?;
        let name = member.name().map_err(broken)?;
        if wanted.may_be(&name, member.size()) {
            let known = wanted.members.iter().position(|path| *path == name);
            candidates.push((known.unwrap_or(usize::MAX), idx));
        }
    }
    candidates.sort_unstable();
    let mut last = SourceError::Absent;
    for (_, idx) in candidates {
        let mut member = zip.by_index(idx).map_err(broken)?;
        match store(&mut member, archive, wanted, dir, bar) {
            Ok(()) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn extract_tar(
    reader: impl Read,
    archive: &Path,
    wanted: &Wanted<'_>,
    dir: &Path,
    bar: &ProgressBar,
) -> Result<(), SourceError> {
    let broken = |error: std::io::Error| SourceError::Archive {
        reason: cut(&error.to_string()),
    };
    let mut tar = tar::Archive::new(reader);
    let mut last = SourceError::Absent;
    for member in tar.entries().map_err(broken)?.take(MAX_MEMBERS) {
        let mut member = member.map_err(broken)?;
        let path = member.path().map_err(broken)?;
        let path = path.to_string_lossy().into_owned();
        let path = path.strip_prefix("./").unwrap_or(&path);
        if !member.header().entry_type().is_file() || !wanted.may_be(path, member.size()) {
            continue;
        }
        match store(&mut member, archive, wanted, dir, bar) {
            Ok(()) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn store(
    member: &mut impl Read,
    archive: &Path,
    wanted: &Wanted<'_>,
    dir: &Path,
    bar: &ProgressBar,
) -> Result<(), SourceError> {
    let mut partial = Partial::afresh(dir, wanted.entry, bar)?;
    partial.write_all_of(member, archive)?;
    partial.finish()
}
