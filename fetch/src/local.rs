//! A local path as a source, for sites with no way out: a folder, a single file, a wheel or zip file, a
//! tarball.

use std::fs::File;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use crate::SourceError;
use crate::archive::{self, Kind, Wanted};
use crate::partial::Partial;

/// Copies a wanted file from a path that the operator gave.
pub(crate) fn fetch(
    from: &Path,
    model: &str,
    wanted: &Wanted<'_>,
    dir: &Path,
    bar: &ProgressBar,
) -> Result<(), SourceError> {
    let metadata = std::fs::metadata(from).map_err(|source| SourceError::Io {
        path: from.to_owned(),
        source,
    })?;
    if metadata.is_dir() {
        return fetch_from_folder(from, model, wanted, dir, bar);
    }
    if let Some(kind) = Kind::of(from) {
        return archive::extract(from, kind, wanted, dir, bar);
    }
    // A single file may have any name: its size says which file it could be, its digest whether it is.
    if metadata.len() != wanted.entry.bytes {
        return Err(SourceError::Absent);
    }
    copy(from, wanted, dir, bar)
}

/// The file itself, in a sub-folder of the model's name, or where a source's map puts it.
fn fetch_from_folder(
    from: &Path,
    model: &str,
    wanted: &Wanted<'_>,
    dir: &Path,
    bar: &ProgressBar,
) -> Result<(), SourceError> {
    let name = &wanted.entry.name;
    let mut places: Vec<PathBuf> = vec![from.join(model).join(name), from.join(name)];
    places.extend(wanted.members.iter().map(|member| from.join(member)));
    let mut last = SourceError::Absent;
    for place in places {
        let right_size = std::fs::metadata(&place)
            .is_ok_and(|file| file.is_file() && file.len() == wanted.entry.bytes);
        if right_size {
            match copy(&place, wanted, dir, bar) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
    }
    Err(last)
}

fn copy(
    from: &Path,
    wanted: &Wanted<'_>,
    dir: &Path,
    bar: &ProgressBar,
) -> Result<(), SourceError> {
    let mut file = File::open(from).map_err(|source| SourceError::Io {
        path: from.to_owned(),
        source,
    })?;
    let mut partial = Partial::afresh(dir, wanted.entry, bar)?;
    partial.write_all_of(&mut file, from)?;
    partial.finish()
}
