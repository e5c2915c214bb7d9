//! What the prefix cache holds, kept from one run of the program to the next.
//!
//! The first part of what is kept says what it is: the program, the model, the form of the cache and of its blocks, and how
//! many blocks follow. It is read only by an engine that would say the same. Each further part is a block: the
//! salt, the place of the stretch before it, the tokens, and the bytes of keys and values as they lie in the cache,
//! so that what is found later computes the same bits. The blocks are read into free ones; known they become when
//! the last one has been read, and none of them if anything was wrong.
//!
//! Who keeps the parts seals them: see [`PrefixStore`].

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::types::TenantSalt;

use super::blocks::{BlockPool, Blocks};
use super::prefix::Listed;
use super::runner::Runner;

/// Another layout of the parts gets another number.
const LAYOUT: u32 = 1;
/// Longest first part.
const MAX_HEAD: usize = 4096;
/// Stands for no stretch before.
const NO_PARENT: u32 = u32::MAX;

/// Keeps parts from one run to the next, where nobody else can read or change them.
pub trait PrefixStore: fmt::Debug + Send + Sync {
    /// Gives the parts that were put last, in order, until `each` wants no more of them. They are here no longer
    /// then. A part is `longest` bytes at most.
    ///
    /// # Errors
    ///
    /// They are not what was put, which may turn out after some were given; or can't be read.
    fn take(&self, longest: usize, each: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<TakenParts>;

    /// Keeps parts, none of them empty.
    ///
    /// # Errors
    ///
    /// Why not; then nothing is kept.
    fn put(&self, parts: &mut dyn Iterator<Item = Vec<u8>>) -> io::Result<()>;
}

/// What became of parts that were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenParts {
    /// There were none.
    Missing,
    /// The taker wanted no more of them.
    Refused,
    /// All were given.
    All,
}

/// Where, and how much of it, an engine's prefix cache is kept.
#[derive(Clone, Debug)]
pub struct SavedPrefixes {
    /// Where.
    pub store: Arc<dyn PrefixStore>,
    /// What no other model has: the digest of its files.
    pub model: String,
    /// Most bytes of keys and values.
    pub max_bytes: usize,
}

impl SavedPrefixes {
    /// Keeps what is known in `pool`, the newest first where not all of it may be kept.
    pub(super) fn save(&self, runner: &Runner, pool: &BlockPool) {
        let Some(about) = self.about(runner) else {
            return;
        };
        let most = self.max_bytes / runner.block_bytes().max(1);
        let listed = pool.list(most);
        if listed.is_empty() {
            return;
        }
        let Ok(n_blocks) = u32::try_from(listed.len()) else {
            return;
        };
        let mut head = about.into_bytes();
        head.extend(n_blocks.to_le_bytes());
        let mut unread = false;
        let blocks = listed.iter().map_while(|(block, listed)| {
            let mut part = Vec::with_capacity(runner.block_bytes() + 12 + 4 * listed.tokens.len());
            encode(listed, &mut part);
            let read = runner.read_block(*block, &mut part);
            unread |= !read;
            read.then_some(part)
        });
        let put = self.store.put(&mut std::iter::once(head).chain(blocks));
        match put {
            // Fewer blocks than were announced: nobody will take them.
            Ok(()) if unread => tracing::error!("the prefix cache is saved in part, and of no use"),
            Ok(()) => tracing::info!(blocks = n_blocks, "the prefix cache is saved"),
            Err(error) => tracing::warn!(%error, "the prefix cache is not saved"),
        }
    }

    /// Puts what was kept into blocks of `pool` and makes it known. What can't be used is given up, and said so: the
    /// engine computes it again.
    pub(super) fn restore(&self, runner: &mut Runner, pool: &BlockPool, block_tokens: usize) {
        let Some(about) = self.about(runner) else {
            tracing::warn!("this model's cache can't be saved");
            return;
        };
        let longest = MAX_HEAD.max(12 + 4 * block_tokens + runner.block_bytes());
        let mut reader = Reader {
            about,
            block_tokens,
            runner,
            blocks: pool.empty(),
            announced: None,
            listed: Vec::new(),
            n_read: 0,
            problem: None,
        };
        let taken = self.store.take(longest, &mut |part| {
            if reader.problem.is_none() {
                reader.problem = reader.part(part).err();
            }
            reader.problem.is_none()
        });
        match taken {
            Ok(TakenParts::Missing) => {}
            Ok(TakenParts::All) if reader.announced == Some(reader.n_read) => {
                let Reader {
                    mut blocks, listed, ..
                } = reader;
                blocks.publish_listed(&listed);
                tracing::info!(blocks = listed.len(), "the prefix cache is restored");
            }
            Ok(TakenParts::Refused | TakenParts::All) => {
                let problem = reader.problem.unwrap_or("it is not whole");
                tracing::info!(problem, "the saved prefix cache is ignored");
            }
            Err(error) => tracing::warn!(
                %error,
                "the saved prefix cache is ignored: it can't be read, or it was changed"
            ),
        }
    }

    /// What makes bytes of one run mean the same in another one, a line each.
    fn about(&self, runner: &Runner) -> Option<String> {
        let format = runner.block_format()?;
        let (version, model) = (env!("CARGO_PKG_VERSION"), &self.model);
        Some(format!(
            "layout {LAYOUT}\nprogram {version}\nmodel {model}\ncache {format}\n"
        ))
    }
}

/// Reads parts into blocks.
struct Reader<'a> {
    about: String,
    block_tokens: usize,
    runner: &'a mut Runner,
    /// Where they are put; free again if this is dropped as it is.
    blocks: Blocks,
    /// How many blocks the first part has promised.
    announced: Option<usize>,
    listed: Vec<Listed>,
    n_read: usize,
    problem: Option<&'static str>,
}

impl Reader<'_> {
    fn part(&mut self, part: &[u8]) -> Result<(), &'static str> {
        let Some(announced) = self.announced else {
            self.announced = Some(head(part, &self.about)?);
            return Ok(());
        };
        if self.n_read == announced {
            return Err("it is longer than it says");
        }
        let (listed, bytes) =
            decode(part, self.block_tokens, self.n_read).ok_or("a part of it is malformed")?;
        self.n_read += 1;
        // A smaller cache takes the first ones: parents come before their children.
        if self.blocks.grow_to(self.n_read) {
            let block = self.blocks.table().last().copied();
            let fits = block.is_some_and(|block| self.runner.write_block(block, bytes));
            if !fits {
                return Err("a part of it does not fit the cache");
            }
            self.listed.push(listed);
        }
        Ok(())
    }
}

/// How many blocks a first part announces, if it is about the same as `about`.
fn head(part: &[u8], about: &str) -> Result<usize, &'static str> {
    let unreadable = "it has no readable beginning";
    let (text, n_blocks) = part.split_last_chunk::<4>().ok_or(unreadable)?;
    let text = std::str::from_utf8(text).map_err(|_| unreadable)?;
    if text != about {
        let mut lines = text.lines().zip(about.lines());
        let other = lines.find(|(found, own)| found != own);
        return Err(match other.and_then(|(found, _)| found.split(' ').next()) {
            Some("layout" | "program") => "another version of this program wrote it",
            Some("model") => "it is of another model",
            Some("cache") => "it is of a cache of another form, or of another CPU",
            _ => unreadable,
        });
    }
    usize::try_from(u32::from_le_bytes(*n_blocks)).map_err(|_| unreadable)
}

fn encode(listed: &Listed, out: &mut Vec<u8>) {
    let parent = listed.parent.and_then(|place| u32::try_from(place).ok());
    out.extend(listed.salt.0.to_le_bytes());
    out.extend(parent.unwrap_or(NO_PARENT).to_le_bytes());
    listed
        .tokens
        .iter()
        .for_each(|token| out.extend(token.to_le_bytes()));
}

/// The stretch of a part, at `place` in the list, and its keys and values.
fn decode(part: &[u8], block_tokens: usize, place: usize) -> Option<(Listed, &[u8])> {
    let (salt, rest) = part.split_first_chunk::<8>()?;
    let (parent, rest) = rest.split_first_chunk::<4>()?;
    let (tokens, bytes) = rest.split_at_checked(block_tokens.checked_mul(4)?)?;
    let parent = match u32::from_le_bytes(*parent) {
        NO_PARENT => None,
        parent => Some(usize::try_from(parent).ok().filter(|own| *own < place)?),
    };
    let (tokens, _) = tokens.as_chunks::<4>();
    let listed = Listed {
        salt: TenantSalt(u64::from_le_bytes(*salt)),
        parent,
        tokens: tokens
            .iter()
            .map(|token| u32::from_le_bytes(*token))
            .collect(),
    };
    Some((listed, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(parent: Option<usize>) -> Listed {
        Listed {
            salt: TenantSalt(7 << 40),
            parent,
            tokens: [1, 2, 70_000].into(),
        }
    }

    #[test]
    fn a_part_reads_as_it_was_written_and_no_shorter() {
        for (parent, place) in [(None, 0), (None, 5), (Some(0), 1), (Some(4), 5)] {
            let mut part = Vec::new();
            encode(&listed(parent), &mut part);
            part.extend([9, 8, 7]);
            let found = decode(&part, 3, place);
            assert_eq!(found, Some((listed(parent), &[9, 8, 7][..])));
            for len in 0..part.len() - 3 {
                assert_eq!(decode(&part[..len], 3, place), None, "{len} bytes");
            }
            assert_eq!(decode(&part, usize::MAX, place), None);
        }
        // What comes before it must have come before it.
        for place in [0, 3, 4] {
            let mut part = Vec::new();
            encode(&listed(Some(4)), &mut part);
            assert_eq!(decode(&part, 3, place), None);
        }
    }

    #[test]
    fn what_is_about_something_else_is_said_in_words() {
        let about = "layout 1\nprogram 1\nmodel a\ncache f16\n";
        let part = |text: &str| [text.as_bytes(), &3_u32.to_le_bytes()].concat();
        assert_eq!(head(&part(about), about), Ok(3));
        for (text, word) in [
            ("layout 2\nprogram 1\nmodel a\ncache f16\n", "version"),
            ("layout 1\nprogram 2\nmodel a\ncache f16\n", "version"),
            ("layout 1\nprogram 2\nmodel b\ncache f16\n", "version"),
            ("layout 1\nprogram 1\nmodel b\ncache f16\n", "model"),
            ("layout 1\nprogram 1\nmodel a\ncache q8\n", "form"),
            ("layout 1\nprogram 1\nmodel a\n", "beginning"),
            ("", "beginning"),
            ("something else", "beginning"),
        ] {
            let refused = head(&part(text), about).unwrap_err();
            assert!(refused.contains(word), "{text:?}: {refused}");
        }
        assert!(head(&[1, 2, 3], about).is_err());
        assert!(head(&[0xff; 9], about).is_err());
    }
}
