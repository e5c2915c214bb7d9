//! The whole way: records and texts in, placeholders out, and back.

mod codes;
mod corpus;
mod differential;
mod fuzz;
mod hostile;
mod modes;
mod names;
mod property;
mod records;
mod texts;

use crate::crm::{Body, Catalogue, Field, Input, InputValue, Minimised};
use crate::types::{Chat, DataClass, Entity, Message, MessageRole};

use super::{Redacted, Redactor, RedactorOptions, Restorer, Vault};

fn redactor() -> Redactor {
    let countries = ["DE", "US", "GB", "FR", "ES", "IT", "NL"];
    Redactor::new(RedactorOptions {
        countries: countries.iter().map(|c| c.parse().unwrap()).collect(),
        ..RedactorOptions::default()
    })
    .unwrap()
}

/// A record with declared values, and free texts beside it.
fn case(declared: &[(&str, Entity, &str)], texts: &[&str]) -> Minimised {
    let field = |entity: Option<Entity>, text: &str| {
        InputValue::Text(Field {
            text: text.to_owned().into(),
            class: DataClass::Personal,
            entity,
        })
    };
    let contact = declared
        .iter()
        .map(|(name, entity, value)| ((*name).to_owned(), field(Some(*entity), value)))
        .collect();
    let texts = texts.iter().map(|text| field(None, text)).collect();
    let input = |name: &str, value| Input {
        name: name.to_owned(),
        value,
    };
    Minimised::for_test(Body::UseCase {
        use_case: Catalogue::load(None, false)
            .unwrap()
            .find("case-summary", None)
            .unwrap(),
        inputs: vec![
            input("texts", InputValue::List(texts)),
            input("contact", InputValue::Object(contact)),
        ],
    })
}

fn chat(texts: &[String]) -> Minimised {
    let message = |text: &String| Message::new(MessageRole::User, text.clone());
    let chat = Chat::of(texts.iter().map(message).collect());
    Minimised::for_test(Body::Chat(Box::new(chat)))
}

/// The free texts of what [`case`] made, or the messages of [`chat`], masked.
fn masked(redacted: &Redacted) -> Vec<String> {
    match redacted.body() {
        Body::Chat(chat) => chat
            .messages
            .iter()
            .map(|m| m.content.expose().clone())
            .collect(),
        Body::Text(text) => vec![text.expose().clone()],
        Body::Texts(texts) => texts.iter().map(|t| t.expose().clone()).collect(),
        Body::UseCase { inputs, .. } => inputs[0]
            .value
            .fields()
            .iter()
            .map(|field| field.text.expose().clone())
            .collect(),
    }
}

fn restored(mut restorer: Restorer, text: &str) -> String {
    let start = restorer.push(text);
    start + &restorer.finish()
}

fn back(vault: Vault, text: &str) -> String {
    restored(vault.restorer(), text)
}
