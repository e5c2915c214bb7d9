//! Redaction with the recogniser of names: a model made by hand, which knows names that nothing else could find
//! (`names/tests.rs` lists them).

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::names::NamesOptions;
use super::super::names::tests::finder;
use super::super::{Evidence, RedactError};
use super::*;
use crate::types::{AnswerFormat, Sensitive, Tool, ToolCall, ToolChoice, ToolUse};

fn with_names(options: NamesOptions) -> Redactor {
    Redactor::new(RedactorOptions {
        names: Some(Arc::new(finder(options))),
        ..RedactorOptions::default()
    })
    .unwrap()
}

fn named() -> Redactor {
    with_names(NamesOptions::default())
}

#[test]
fn what_the_model_finds_is_masked_and_what_is_nobodys_stays() {
    let redactor = named();
    for (text, masked) in [
        (
            "met zorblat quimby of acmeco in ulmstadt, came yestermorn",
            "met [PERSON_1] of acmeco in [LOCATION_1], came yestermorn",
        ),
        (
            "dame vexley, freedonian",
            "dame [PERSON_1], [NATIONALITY_1]",
        ),
        // A name that it is sure of is known from there on, whoever says it.
        (
            "zorblat quimby came. ask Quimby!",
            "[PERSON_1] came. ask [PERSON_1]!",
        ),
        ("acmeco, a@example.com", "acmeco, [EMAIL_1]"),
    ] {
        assert_eq!(redactor.mask_text(text).unwrap().0, masked, "{text}");
    }
}

#[test]
fn everything_that_was_found_is_told() {
    let redactor = named();
    let text = "zorblat of acmeco";
    let labels = |spans: &[super::super::Span]| {
        let label = |span: &super::super::Span| (span.entity, text[span.range.clone()].to_owned());
        spans.iter().map(label).collect::<Vec<_>>()
    };
    let person = (Entity::Person, "zorblat".to_owned());
    let company = (Entity::Organisation, "acmeco".to_owned());
    let scanned = redactor.scan(text).unwrap();
    assert_eq!(labels(&scanned), [person.clone(), company]);
    let (_, spans, _) = redactor.mask_text(text).unwrap();
    assert_eq!(labels(&spans), [person]);
    let told = redactor.explain(text).unwrap();
    let by_model: Vec<_> = told
        .iter()
        .filter(|decision| decision.evidence == Evidence::Model)
        .map(|decision| {
            (
                decision.span.entity,
                decision.masked.is_some(),
                decision.kept,
            )
        })
        .collect();
    let expected = [
        (Entity::Person, true, false),
        (Entity::Organisation, false, true),
    ];
    assert_eq!(by_model, expected);
}

/// Messages, arguments of calls and descriptions of tools; not the application's own words.
#[test]
fn every_text_of_a_conversation_is_read() {
    let mut call = Message::new(MessageRole::Assistant, "");
    call.tool_calls.push(ToolCall {
        id: "call00001".to_owned(),
        name: "find".to_owned(),
        arguments: json!({"zorblat": "ask vexley", "list": ["ulmstadt"]})
            .to_string()
            .into(),
    });
    let mut chat = Chat::of(vec![
        Message::new(MessageRole::User, "zorblat called"),
        call,
    ]);
    chat.tools = Some(ToolUse {
        tools: vec![Tool {
            name: "find".to_owned(),
            description: Some("finds vexley".to_owned().into()),
            parameters: Some(Sensitive::new(json!({
                "type": "object",
                "properties": {"acmeco": {"type": "string"}, "ulmstadt": {"const": "zorblat"}},
                "required": ["acmeco", "ulmstadt"],
                "dependentRequired": {"acmeco": ["ulmstadt"]},
            }))),
            strict: false,
        }],
        choice: ToolChoice::Allowed(vec!["find".to_owned()]),
        parallel: false,
    });
    chat.format = AnswerFormat::Text;
    let minimised = Minimised::for_test(Body::Chat(Box::new(chat)));
    let (redacted, _) = named().redact(minimised).unwrap();
    let Body::Chat(chat) = redacted.body() else {
        panic!("another body");
    };
    assert_eq!(chat.messages[0].content.expose(), "[PERSON_1] called");
    let arguments = chat.messages[1].tool_calls[0].arguments.expose();
    assert!(
        arguments.contains("ask [PERSON_2]") && arguments.contains("[LOCATION_1]"),
        "{arguments}"
    );
    let tool = &chat.tools.as_ref().unwrap().tools[0];
    let description = tool.description.as_ref().unwrap().expose();
    assert_eq!(description, "finds [PERSON_2]");
    // What must be there is called as it is where it is described.
    let schema = tool.parameters.as_ref().unwrap().expose();
    let names: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(schema["required"], json!(names));
    assert_eq!(schema["dependentRequired"], json!({names[0]: [names[1]]}));
    assert_eq!(schema["properties"][names[1]]["const"], "[PERSON_1]");
}

#[test]
fn use_cases_and_texts_to_embed_are_read_too() {
    let redactor = named();
    let (redacted, _) = redactor
        .redact(case(
            &[("Name", Entity::Person, "Anna Berger")],
            &["Anna met vexley"],
        ))
        .unwrap();
    assert_eq!(masked(&redacted), ["[PERSON_1] met [PERSON_2]"]);
    let texts = ["ask vexley", "ask zorblat"].map(|text| text.to_owned().into());
    let texts = Minimised::for_test(Body::Texts(texts.into()));
    let (redacted, _) = redactor.redact(texts).unwrap();
    let Body::Texts(texts) = redacted.body() else {
        panic!("another body");
    };
    assert!(texts.iter().all(|text| text.expose() == "ask [PERSON_1]"));
}

#[test]
fn a_request_whose_names_take_too_long_goes_nowhere() {
    let redactor = with_names(NamesOptions {
        time_limit: Duration::ZERO,
        ..NamesOptions::default()
    });
    let texts = ["zorblat called".to_owned()];
    let too_slow = RedactError::NamesTooSlow { seconds: 0 };
    assert_eq!(redactor.redact(chat(&texts)).unwrap_err(), too_slow);
    assert_eq!(redactor.scan(&texts[0]).unwrap_err(), too_slow);
}
