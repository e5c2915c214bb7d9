//! A use case, checked.

/// One use case.
#[derive(Debug, PartialEq)]
pub struct UseCase {
    pub(super) version: u32,
}
