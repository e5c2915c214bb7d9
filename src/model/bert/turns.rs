//! One at a time, in the order of arrival: a lock would let the one who just left in again before those who wait.

use std::sync::{Condvar, Mutex, PoisonError};

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Turns {
    numbers: Mutex<Numbers>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Numbers {
    /// The number that the next one gets.
    next: u64,
    /// The one whose turn it is.
    now: u64,
}

/// A turn; it ends when it is dropped.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub(super) struct Turn<'t>(&'t Turns);

impl Turns {
    /// Waits for one's turn.
    pub(super) fn take(&self) -> Turn<'_> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let own = numbers.next;
        numbers.next += 1;
        let waited = self
            .changed
            .wait_while(numbers, |numbers| numbers.now != own);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut numbers = self
            .0
            .numbers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        numbers.now += 1;
        drop(numbers);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_come_first_served() {
        let (turns, order) = (Turns::default(), Mutex::new(Vec::new()));
        let held = turns.take();
        std::thread::scope(|scope| {
            let (turns, order) = (&turns, &order);
            for number in 1..5 {
                scope.spawn(move || {
                    let _turn = turns.take();
                    order.lock().unwrap().push(number);
                });
                while turns.numbers.lock().unwrap().next <= number {
                    std::thread::yield_now();
                }
            }
            drop(held);
        });
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4]);
    }
}
