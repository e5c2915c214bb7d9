//! Keys are made, listed, revoked and rotated beside a running server.

use super::client::Request;
use super::server::{Server, create_key, long_chat, run, run_well};

fn status(server: &Server, key: &str) -> u16 {
    let ask = Request::post("/v1/chat/completions", &long_chat(1));
    ask.key(key).send(server.address).status()
}

/// The public part: what follows `bwk_`, up to the next underscore.
fn id_of(key: &str) -> &str {
    key.split('_').nth(1).unwrap()
}

#[test]
fn a_revoked_key_stops_at_once() {
    let server = Server::shared();
    let key = create_key(&server.data(), "revoked-app", &["app"]);
    assert_eq!(status(server, &key), 200);
    let listed = run_well(&["keys", "list"], &server.data());
    assert!(
        listed.contains(id_of(&key)) && listed.contains("revoked-app"),
        "{listed}"
    );
    let secret = key.rsplit('_').next().unwrap();
    assert!(!listed.contains(secret));
    run_well(&["keys", "revoke", id_of(&key)], &server.data());
    assert_eq!(status(server, &key), 401);
    let again = run(&["keys", "revoke", id_of(&key)], &server.data());
    assert!(!again.status.success());
}

#[test]
fn a_rotated_key_overlaps_as_long_as_was_said() {
    let server = Server::shared();
    let old = create_key(&server.data(), "rotated-app", &["app"]);
    let rotate = |hours: &str, key: &str| {
        let arguments = ["keys", "rotate", id_of(key), "--overlap-hours", hours];
        let text = run_well(&arguments, &server.data());
        text.lines().last().unwrap().to_owned()
    };
    let new = rotate("1", &old);
    assert_eq!((status(server, &old), status(server, &new)), (200, 200));
    let newest = rotate("0", &new);
    assert_eq!((status(server, &new), status(server, &newest)), (401, 200));
}

#[test]
fn a_keys_use_cases_bound_it() {
    let server = Server::shared();
    let arguments = ["keys", "create", "bounded-app", "--use-case", "reply-draft"];
    let text = run_well(&arguments, &server.data());
    let key = text.lines().last().unwrap();
    let ask = |body| {
        Request::post("/v1/chat/completions", &body)
            .key(key)
            .send(server.address)
    };
    ask(long_chat(1)).expect_error(403, "not_allowed");
    let case = super::server::case_of("DE");
    ask(super::server::summary_of(&case)).expect_error(403, "not_allowed");
}

#[test]
fn mistakes_at_the_command_line_are_named() {
    let server = Server::shared();
    let check = |arguments: &[&str], says: &str| {
        let output = run(arguments, &server.data());
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && text.contains(says),
            "{arguments:?}: {text}"
        );
    };
    check(&["keys", "create", "demo-app"], "exists already");
    check(&["keys", "create", "Big Name"], "a name has");
    check(
        &["keys", "create", "x", "--role", "king"],
        "a role is one of",
    );
    check(&["keys", "revoke", "nosuchkey"], "no valid key");
    check(&["keys", "rotate", "../x"], "letters and digits");
}
