//! Descriptions of tokenizers, `tokenizer.json` and, behind a 0x1E each, the files beside it: no text from outside
//! becomes a control token, and what was encoded is decoded.
#![no_main]

use std::sync::Arc;

use bailiwick::formats::Folder;
use bailiwick::tokenizer::{Decoder, Special, TokenKind, Tokenizer, tokenizer_metadata};
use libfuzzer_sys::fuzz_target;

/// Stands in no JSON.
const BORDER: u8 = 0x1e;
const FILES: [&str; 4] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "config.json",
    "chat_template.jinja",
];

fuzz_target!(|bytes: &[u8]| {
    let parts = bytes.splitn(FILES.len(), |byte| *byte == BORDER);
    let files: Vec<_> = FILES.into_iter().zip(parts).collect();
    let built = tokenizer_metadata(&Folder::in_memory(&files));
    let Ok(tokenizer) = built.and_then(|metadata| Tokenizer::from_gguf(&metadata)) else {
        return;
    };
    let tokenizer = Arc::new(tokenizer);
    // All that the vocabulary holds, as a text of somebody else's.
    let size = u32::try_from(tokenizer.vocabulary_size()).unwrap();
    let all: Vec<u8> = (0..size.min(512))
        .flat_map(|id| tokenizer.token_bytes(id).iter().copied().chain(*b" "))
        .collect();
    for text in [bytes, all.as_slice()] {
        let text = String::from_utf8_lossy(text);
        let Ok(plain) = tokenizer.encode(&text, Special::Plain) else {
            continue;
        };
        for id in &plain {
            let kind = tokenizer.token_kind(*id);
            let control = matches!(kind, TokenKind::Control | TokenKind::Mark);
            assert!(!control && *id < size, "{id} is {kind:?} in {text:?}");
        }
        let whole = tokenizer.decode(&plain).unwrap();
        let mut decoder = Decoder::new(Arc::clone(&tokenizer));
        let mut parts: String = plain.iter().filter_map(|id| decoder.push(*id)).collect();
        parts.extend(decoder.finish());
        assert_eq!(whole, parts);
        let trusted = tokenizer.encode(&text, Special::Parse).unwrap();
        let framed = tokenizer.encode_framed(&text).unwrap();
        assert!(trusted.iter().chain(&framed).all(|id| *id < size));
    }
});
