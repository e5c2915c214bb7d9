//! The door with loom's atomics, between requests, a shutdown, and the engine's thread.

use std::collections::VecDeque;

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

mod sync {
    pub(super) use loom::sync::atomic::{AtomicUsize, Ordering};
}
#[expect(
    clippy::duplicate_mod,
    unreachable_pub,
    reason = "the same steps on other atomics"
)]
#[path = "steps.rs"]
mod steps;

use steps::{Door, EngineState, Refused};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Submit,
    Wake,
}

/// What a handle and the engine share: the door, and a channel, which is a queue and a bell.
struct Shared {
    door: Door,
    inbox: Mutex<VecDeque<Command>>,
    bell: Condvar,
}

impl Shared {
    fn send(&self, command: Command) {
        self.inbox.lock().unwrap().push_back(command);
        self.bell.notify_one();
    }

    /// As the handle does; says whether the request was accepted.
    fn submit(&self, limit: usize) -> bool {
        match self.door.enter(limit) {
            Ok(()) => {
                assert!((1..=limit).contains(&self.door.n_inside()));
                self.send(Command::Submit);
                true
            }
            Err(Refused::Closed(state)) => {
                assert_eq!(state, EngineState::Draining);
                false
            }
            Err(Refused::Full) => false,
        }
    }

    /// As the engine's thread does, with requests that end at once; says how many it had.
    fn run(&self) -> usize {
        let mut n_taken = 0;
        loop {
            let mut inbox = self.inbox.lock().unwrap();
            while inbox.is_empty() && !self.door.may_end() {
                inbox = self.bell.wait(inbox).unwrap();
            }
            let commands = std::mem::take(&mut *inbox);
            drop(inbox);
            for _ in commands.iter().filter(|c| **c == Command::Submit) {
                n_taken += 1;
                self.door.leave();
            }
            if self.door.may_end() {
                return n_taken;
            }
        }
    }
}

fn check(n_submitting: usize, limit: usize, preemptions: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let shared = Arc::new(Shared {
            door: Door::default(),
            inbox: Mutex::new(VecDeque::new()),
            bell: Condvar::new(),
        });
        let engine = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.run())
        };
        let submitting: Vec<_> = (0..n_submitting)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.submit(limit))
            })
            .collect();
        shared.door.raise(EngineState::Draining);
        shared.send(Command::Wake);
        let accepted = submitting.into_iter().map(|t| t.join().unwrap());
        let n_accepted = accepted.filter(|accepted| *accepted).count();
        // The engine ends, and had every request that heard that it was accepted.
        assert_eq!(engine.join().unwrap(), n_accepted);
        assert_eq!(shared.door.n_inside(), 0);
        assert_eq!(shared.door.state(), EngineState::Draining);
        let left = shared.inbox.lock().unwrap();
        assert!(left.iter().all(|command| *command == Command::Wake));
    });
}

#[test]
fn what_is_accepted_is_taken_before_the_end() {
    check(1, 1, 4);
    check(2, 2, 2);
}

#[test]
fn places_are_never_too_many() {
    check(2, 1, 2);
}
