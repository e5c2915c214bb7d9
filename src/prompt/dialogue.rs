//! A conversation in the words of a chat model: its tools, the form of its answer, and the order of roles that
//! its template takes.
//!
//! A template gets the conversation as it is. Where it refuses that or leaves a message out, it gets the same
//! texts in a form that more templates take, one after the other: system messages joined into one at the
//! start; neighbours of one role joined; the system's text at the start of the first user's.
//!
//! Tools go to the template where it has a form for them that is known here ([`CallStyle`]); else they are
//! described in the system message, calls are written as `<tool_call>{…}</tool_call>`, and results as
//! `<tool_response>…</tool_response>` in a user's message.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::tokenizer::{CallStyle, ChatModel, Dialogue, Rendered, Segment, TemplateError};
use crate::types::{AnswerFormat, Chat, Message, MessageRole, Sensitive, TemplateArguments, Tool};

use super::plan::{AnswerPlan, Thinking, ToolPlan};

/// Between texts that are joined.
const JOINT: &str = "\n\n";

/// A conversation as the model reads it.
pub(super) struct Written {
    pub(super) segments: Vec<Segment>,
    /// The messages that the template was given.
    pub(super) messages: Vec<Message>,
    pub(super) plan: AnswerPlan,
}

/// Puts `chat` into the words of `model`.
pub(super) fn write(model: &ChatModel, chat: &Chat) -> Result<Written, TemplateError> {
    let template = model.template();
    let offered = chat
        .tools
        .as_ref()
        .filter(|own| own.callable().next().is_some());
    let all = offered.map_or(&[][..], |own| own.tools.as_slice());
    let style = template.call_style();
    let mut messages = chat.messages.clone();
    if style.is_none() {
        messages.iter_mut().for_each(in_words);
    }
    let generic = style.is_none() && !all.is_empty();
    let notes = [generic.then(|| describe(all)), ask_for(&chat.format)];
    add_notes(&mut messages, notes.into_iter().flatten());
    let tools = if style.is_some() { all } else { &[] };
    let (rendered, messages) = adapted(model, messages, tools, &chat.template)?;
    let tools = offered.map(|tools| ToolPlan {
        tools: tools.clone(),
        style: style.unwrap_or(CallStyle::Tagged),
    });
    let mut segments = rendered.segments;
    let constrained = chat.format.is_json() || offered.is_some();
    let thinking = thinking(template.thinks(), &mut segments, constrained);
    Ok(Written {
        segments,
        messages,
        plan: AnswerPlan {
            format: chat.format.clone(),
            tools,
            thinking,
        },
    })
}

/// Whether the answer begins with thoughts. One that a grammar holds to its form from the first token has none:
/// thoughts that the template opens are closed.
fn thinking(thinks: bool, segments: &mut Vec<Segment>, constrained: bool) -> Thinking {
    if !thinks {
        return Thinking::Never;
    }
    let last = segments
        .iter()
        .rev()
        .find(|own| !own.text.expose().trim().is_empty());
    let open =
        last.is_some_and(|own| own.trusted && own.text.expose().trim_end().ends_with("<think>"));
    match (open, constrained) {
        (true, true) => {
            segments.push(Segment {
                text: "\n</think>\n\n".into(),
                trusted: true,
            });
            Thinking::Never
        }
        (true, false) => Thinking::Open,
        (false, true) => Thinking::Never,
        (false, false) => Thinking::May,
    }
}

/// The first form of the conversation that the template takes whole.
fn adapted(
    model: &ChatModel,
    mut messages: Vec<Message>,
    tools: &[Tool],
    arguments: &TemplateArguments,
) -> Result<(Rendered, Vec<Message>), TemplateError> {
    let mut first = None;
    let changes: [fn(&mut Vec<Message>); 4] =
        [|_| {}, join_systems, join_neighbours, join_system_and_user];
    for (round, change) in changes.into_iter().enumerate() {
        let before = messages.len();
        change(&mut messages);
        // A form that is the one before is not tried again; systems may have changed places only.
        if round > 1 && messages.len() == before {
            continue;
        }
        let dialogue = Dialogue {
            messages: &messages,
            tools,
            arguments,
            opens_turn: true,
        };
        let refused = match model.write(dialogue) {
            Ok(rendered) => match unshown(&rendered, &messages) {
                None => return Ok((rendered, messages)),
                Some(index) => TemplateError::Unshown { index },
            },
            Err(error @ TemplateError::UnknownArgument { .. }) => return Err(error),
            Err(error) => error,
        };
        first.get_or_insert(refused);
    }
    Err(first.unwrap_or(TemplateError::Missing))
}

/// A message that the template left out. What an assistant said earlier may be: templates cut old thoughts off.
fn unshown(rendered: &Rendered, messages: &[Message]) -> Option<usize> {
    let told = |index: &&usize| {
        let message = messages.get(**index);
        message.is_some_and(|own| own.role != MessageRole::Assistant)
    };
    rendered.unseen.iter().find(told).copied()
}

fn push_text(to: &mut Message, joint: &str, text: &str) {
    let own = to.content.expose();
    let joint = if own.is_empty() || text.is_empty() {
        ""
    } else {
        joint
    };
    to.content = format!("{own}{joint}{text}").into();
}

/// One system message, at the start.
fn join_systems(messages: &mut Vec<Message>) {
    let (systems, rest): (Vec<_>, Vec<_>) = std::mem::take(messages)
        .into_iter()
        .partition(|own| own.role == MessageRole::System);
    let mut systems = systems.into_iter();
    if let Some(mut whole) = systems.next() {
        systems.for_each(|own| push_text(&mut whole, JOINT, own.content.expose()));
        messages.push(whole);
    }
    messages.extend(rest);
}

/// No two neighbours of one role, but for results of tools.
fn join_neighbours(messages: &mut Vec<Message>) {
    let mut joined: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages.drain(..) {
        match joined.last_mut() {
            Some(last) if last.role == message.role && message.role != MessageRole::Tool => {
                push_text(last, JOINT, message.content.expose());
                last.tool_calls.extend(message.tool_calls);
            }
            _ => joined.push(message),
        }
    }
    *messages = joined;
}

/// The system's text as the start of the user's, for templates without a system's role.
fn join_system_and_user(messages: &mut Vec<Message>) {
    let is_pair = matches!(messages.as_slice(), [a, b, ..] if a.role == MessageRole::System && b.role == MessageRole::User);
    if is_pair {
        let mut system = messages.remove(0);
        if let Some(user) = messages.first_mut() {
            push_text(&mut system, JOINT, user.content.expose());
            user.content = system.content;
        }
    }
}

/// Adds `notes` to the first system message, or before everything.
fn add_notes(messages: &mut Vec<Message>, notes: impl Iterator<Item = String>) {
    for note in notes {
        match messages.first_mut() {
            Some(first) if first.role == MessageRole::System => push_text(first, JOINT, &note),
            _ => messages.insert(0, Message::new(MessageRole::System, note)),
        }
    }
}

/// Calls and results of tools as texts.
fn in_words(message: &mut Message) {
    for call in std::mem::take(&mut message.tool_calls) {
        let text = call.arguments.expose();
        let arguments = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
        let call = json!({"name": call.name, "arguments": arguments});
        push_text(message, "\n", &format!("<tool_call>\n{call}\n</tool_call>"));
    }
    if message.role == MessageRole::Tool {
        let result = message.content.expose();
        *message = Message::new(
            MessageRole::User,
            format!("<tool_response>\n{result}\n</tool_response>"),
        );
    }
}

/// What a model is told of its tools, where its template has no words for that.
fn describe(tools: &[Tool]) -> String {
    let mut text = "Functions that you can call, one per line:\n<tools>\n".to_owned();
    for tool in tools {
        let mut function = json!({"name": tool.name});
        if let Some(description) = &tool.description {
            function["description"] = description.expose().as_str().into();
        }
        if let Some(parameters) = &tool.parameters {
            function["parameters"] = parameters.expose().clone();
        }
        // Writing to a string can't fail.
        let _ = writeln!(text, "{function}");
    }
    text.push_str(
        "</tools>\nTo call one, write only this, with its name and its arguments:\n<tool_call>\n\
         {\"name\": \"…\", \"arguments\": {…}}\n</tool_call>\nIts result follows between <tool_response> and \
         </tool_response>.",
    );
    text
}

/// What a model is told of the form of its answer.
fn ask_for(format: &AnswerFormat) -> Option<String> {
    match format {
        AnswerFormat::Text => None,
        AnswerFormat::JsonObject => {
            Some("Answer with one JSON object and nothing else.".to_owned())
        }
        AnswerFormat::JsonSchema {
            description,
            schema,
            ..
        } => {
            let what = description.as_ref().map(Sensitive::expose);
            let what = what
                .map(|text| format!(" It is: {text}"))
                .unwrap_or_default();
            let schema = schema.expose();
            Some(format!(
                "Answer with JSON and nothing else.{what} It must fit this JSON Schema:\n{schema}"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ToolCall;

    use MessageRole::{Assistant, System, Tool as Result, User};

    fn list(messages: &[(MessageRole, &str)]) -> Vec<Message> {
        let message = |(role, text): &(MessageRole, &str)| Message::new(*role, *text);
        messages.iter().map(message).collect()
    }

    fn check(
        change: fn(&mut Vec<Message>),
        given: &[(MessageRole, &str)],
        expected: &[(MessageRole, &str)],
    ) {
        let mut messages = list(given);
        change(&mut messages);
        assert_eq!(messages, list(expected));
    }

    #[test]
    fn conversations_are_brought_into_forms_that_templates_take() {
        check(
            join_systems,
            &[(System, "a"), (User, "b"), (System, "c"), (System, "")],
            &[(System, "a\n\nc"), (User, "b")],
        );
        check(
            join_systems,
            &[(User, "b"), (System, "a")],
            &[(System, "a"), (User, "b")],
        );
        check(
            join_neighbours,
            &[
                (User, "a"),
                (User, "b"),
                (Result, "c"),
                (Result, "d"),
                (Assistant, "e"),
            ],
            &[
                (User, "a\n\nb"),
                (Result, "c"),
                (Result, "d"),
                (Assistant, "e"),
            ],
        );
        check(
            join_system_and_user,
            &[(System, "a"), (User, "b"), (User, "c")],
            &[(User, "a\n\nb"), (User, "c")],
        );
        check(join_system_and_user, &[(User, "b")], &[(User, "b")]);
    }

    #[test]
    fn calls_and_results_become_texts() {
        let mut call = Message::new(Assistant, "Wait.");
        call.tool_calls.push(ToolCall {
            id: "call00001".to_owned(),
            name: "find".to_owned(),
            arguments: r#"{"a": [1]}"#.into(),
        });
        in_words(&mut call);
        let expected =
            "Wait.\n<tool_call>\n{\"name\":\"find\",\"arguments\":{\"a\":[1]}}\n</tool_call>";
        assert_eq!(call, Message::new(Assistant, expected));
        let mut result = Message::new(Result, "21");
        result.tool_call_id = Some("call00001".to_owned());
        in_words(&mut result);
        assert_eq!(
            result,
            Message::new(User, "<tool_response>\n21\n</tool_response>")
        );
    }

    #[test]
    fn notes_join_the_first_system_message() {
        let notes = || ["x".to_owned(), "y".to_owned()].into_iter();
        for (given, expected) in [
            (vec![(User, "b")], vec![(System, "x\n\ny"), (User, "b")]),
            (vec![(System, "a")], vec![(System, "a\n\nx\n\ny")]),
        ] {
            let mut messages = list(&given);
            add_notes(&mut messages, notes());
            assert_eq!(messages, list(&expected));
        }
    }

    #[test]
    fn a_fixed_form_leaves_no_room_for_thoughts() {
        let segments = |text: &str, trusted| {
            let text = text.into();
            vec![Segment { text, trusted }]
        };
        for (thinks, end, trusted, constrained, expected, closed) in [
            (false, "<think>\n", true, false, Thinking::Never, false),
            (true, "assistant\n", true, false, Thinking::May, false),
            (true, "<think>\n", true, false, Thinking::Open, false),
            (true, "<think>\n", false, false, Thinking::May, false),
            (true, "<think>\n", true, true, Thinking::Never, true),
            (true, "assistant\n", true, true, Thinking::Never, false),
        ] {
            let mut own = segments(end, trusted);
            assert_eq!(thinking(thinks, &mut own, constrained), expected, "{end}");
            assert_eq!(own.len() > 1, closed, "{end}");
        }
    }
}
