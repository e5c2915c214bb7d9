//! The parsers of chat completions and responses: a refusal is the client's fault and holds nothing of its text.
#![no_main]

use bailiwick::http::fuzzing::requests;
use libfuzzer_sys::fuzz_target;

/// Longer than any message, with the longest names of parameters, tools and variables in it.
const LONGEST: usize = 1000;

fuzz_target!(|bytes: &[u8]| {
    for error in requests(bytes) {
        let body = error.body();
        assert!(error.status().is_client_error(), "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        let param = body["error"]["param"].as_str().unwrap_or("");
        // Our own words are ASCII, and so are the names that may be repeated.
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        assert!(plain(message) && plain(param), "{body}");
        assert!(message.len() + param.len() < LONGEST, "{body}");
    }
});
