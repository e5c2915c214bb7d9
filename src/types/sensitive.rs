//! A value that must not be shown.

use std::fmt;

use zeroize::Zeroize;

/// User text, a record's value or a secret: never shown by `Debug`, never logged.
///
/// There is no `Display`, no `Deref` and no serialisation. [`Sensitive::expose`] is the one way to the
/// value, so a search for `.expose()` finds every reader; a style test keeps the list of the files
/// that may call it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Marks `value` as sensitive.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Never hand it to a log, a metric, an error or the audit log.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Gives the value up.
    pub fn into_exposed(self) -> T {
        self.0
    }

    /// Applies `change` and keeps the mark.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Sensitive<U> {
        Sensitive(change(self.0))
    }
}

impl<T: Zeroize> Zeroize for Sensitive<T> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sensitive]")
    }
}

impl From<String> for Sensitive<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Sensitive<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value() {
        let secret = Sensitive::new("jane@example.com".to_owned());
        assert_eq!(
            format!("{secret:?} {:?}", Some(&secret)),
            "[sensitive] Some([sensitive])"
        );
    }
}
