//! Looks into sorted lists by callers who ask about one place after the other.

/// Where in `list` the first item is that is not `before` what is looked for, as [`slice::partition_point`] says; looked
/// for from `near` outwards, so that it costs nothing where the answer is close to it (exponential search, Bentley and
/// Yao 1976).
pub(super) fn partition_near<T>(list: &[T], near: usize, before: impl Fn(&T) -> bool) -> usize {
    let near = near.min(list.len());
    let at = |at: usize| list.get(at).is_some_and(&before);
    let mut step = 1;
    // All before `from` are before it, and none from `to` on.
    let (from, to) = if at(near) {
        let mut from = near + 1;
        while at(from + step - 1) {
            from += step;
            step *= 2;
        }
        (from, (from + step - 1).min(list.len()))
    } else {
        let mut to = near;
        while to > 0 && !at(to.saturating_sub(step)) {
            to = to.saturating_sub(step);
            step *= 2;
        }
        (to.saturating_sub(step), to)
    };
    let between = list.get(from..to).unwrap_or_default();
    from + between.partition_point(before)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_says_what_the_search_of_all_says(
            mut list in prop::collection::vec(0_u8..60, 0..80),
            near in 0_usize..100,
            wanted in 0_u8..61,
        ) {
            list.sort_unstable();
            let before = |item: &u8| *item < wanted;
            prop_assert_eq!(partition_near(&list, near, before), list.partition_point(before));
        }
    }
}
