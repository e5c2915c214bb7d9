//! The document as a page: HTML made here, with no script and nothing from elsewhere.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::types::Digest;

/// How deep a schema is shown below a request or a response.
const MAX_DEPTH: usize = 5;

const STYLE: &str = include_str!("page.css");

/// What a browser may do with the page: show it with its own style, and nothing else.
pub(super) fn content_security_policy() -> String {
    let style = BASE64_STANDARD.encode(Digest::of(STYLE.as_bytes()).as_bytes());
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

pub(super) fn render(document: &Value) -> String {
    let info = &document["info"];
    let mut page = Page {
        document,
        html: String::new(),
    };
    page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    page.raw("<title>Bailiwick: the API</title><style>");
    page.raw(STYLE);
    page.raw("</style></head><body><header><h1>");
    page.text(&info["title"]);
    page.raw("</h1><p class=\"lead\">");
    page.text(&info["summary"]);
    page.raw("</p>");
    page.paragraphs(&info["description"]);
    page.raw("<p>Send a key as <code>authorization: Bearer KEY</code> or <code>api-key: KEY</code>. The same in ");
    page.raw("machine-readable form: <a href=\"openapi.json\">openapi.json</a> (OpenAPI 3.1).</p></header><nav>");
    page.contents();
    page.raw("</nav><main>");
    for tag in list(&document["tags"]) {
        page.section(tag);
    }
    page.raw("</main></body></html>\n");
    page.html
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

struct Page<'d> {
    document: &'d Value,
    html: String,
}

/// One operation with its place.
#[derive(Clone, Copy)]
struct Operation<'d> {
    path: &'d str,
    method: &'d str,
    operation: &'d Value,
}

impl<'d> Page<'d> {
    fn raw(&mut self, html: &str) {
        self.html.push_str(html);
    }

    fn text(&mut self, text: &Value) {
        self.escaped(text.as_str().unwrap_or_default());
    }

    /// Text with its `code` in code.
    fn escaped(&mut self, text: &str) {
        for (at, part) in text.split('`').enumerate() {
            let code = at % 2 == 1;
            self.raw(if code { "<code>" } else { "" });
            for c in part.chars() {
                match c {
                    '&' => self.raw("&amp;"),
                    '<' => self.raw("&lt;"),
                    '>' => self.raw("&gt;"),
                    '"' => self.raw("&quot;"),
                    c => self.html.push(c),
                }
            }
            self.raw(if code { "</code>" } else { "" });
        }
    }

    fn paragraphs(&mut self, text: &Value) {
        for part in text.as_str().unwrap_or_default().split("\n\n") {
            if !part.is_empty() {
                self.raw("<p>");
                self.escaped(part);
                self.raw("</p>");
            }
        }
    }

    fn operations(&self, tag: &Value) -> Vec<Operation<'d>> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().into_iter().flatten();
                methods.map(move |(method, operation)| Operation {
                    path,
                    method,
                    operation,
                })
            })
            .filter(|own| list(&own.operation["tags"]).contains(tag))
            .collect()
    }

    fn contents(&mut self) {
        for tag in list(&self.document["tags"]) {
            self.raw("<h2>");
            self.text(&tag["name"]);
            self.raw("</h2><ul>");
            for own in self.operations(&tag["name"]) {
                self.raw("<li><a href=\"#");
                self.text(&own.operation["operationId"]);
                self.raw("\"><span class=\"method\">");
                self.escaped(&own.method.to_uppercase());
                self.raw("</span> ");
                self.escaped(own.path);
                self.raw("</a></li>");
            }
            self.raw("</ul>");
        }
    }

    fn section(&mut self, tag: &Value) {
        self.raw("<section><h2>");
        self.text(&tag["name"]);
        self.raw("</h2>");
        self.paragraphs(&tag["description"]);
        for own in self.operations(&tag["name"]) {
            self.operation(own);
        }
        self.raw("</section>");
    }

    fn operation(&mut self, own: Operation<'_>) {
        let operation = own.operation;
        self.raw("<article id=\"");
        self.text(&operation["operationId"]);
        self.raw("\"><h3><span class=\"method\">");
        self.escaped(&own.method.to_uppercase());
        self.raw("</span> <code>");
        self.escaped(own.path);
        self.raw("</code></h3><p class=\"summary\">");
        self.text(&operation["summary"]);
        if list(&operation["security"]).is_empty() && operation.get("security").is_some() {
            self.raw(" <span class=\"open\">no key</span>");
        }
        self.raw("</p>");
        self.paragraphs(&operation["description"]);
        for parameter in list(&operation["parameters"]) {
            self.raw("<p>In the ");
            self.text(&parameter["in"]);
            self.raw(": <code>");
            self.text(&parameter["name"]);
            self.raw("</code></p>");
        }
        if let Some(schema) = content(&operation["requestBody"]) {
            self.raw("<details open><summary>Request</summary>");
            self.schema(schema, 0);
            self.example(schema);
            self.raw("</details>");
        }
        let responses = operation["responses"].as_object().into_iter().flatten();
        let (good, bad): (Vec<_>, Vec<_>) =
            responses.partition(|(_, response)| response.get("$ref").is_none());
        for (status, response) in good {
            self.raw("<details><summary>");
            self.escaped(status);
            self.raw(": ");
            self.text(&response["description"]);
            self.raw("</summary>");
            if let Some(schema) = content(response) {
                self.schema(schema, 0);
            }
            self.raw("</details>");
        }
        if !bad.is_empty() {
            let statuses: Vec<&str> = bad.iter().map(|(status, _)| status.as_str()).collect();
            self.raw("<p class=\"errors\">Errors: ");
            self.escaped(&statuses.join(", "));
            self.raw("</p>");
        }
        self.raw("</article>");
    }

    fn example(&mut self, schema: &Value) {
        let example = &self.resolved(schema)["example"];
        if let (false, Ok(text)) = (example.is_null(), serde_json::to_string_pretty(example)) {
            self.raw("<pre><code>");
            self.escaped(&text);
            self.raw("</code></pre>");
        }
    }

    fn resolved<'s>(&self, schema: &'s Value) -> &'s Value
    where
        'd: 's,
    {
        let name = schema["$ref"]
            .as_str()
            .and_then(|place| place.strip_prefix("#/components/schemas/"));
        match name {
            Some(name) => &self.document["components"]["schemas"][name],
            None => schema,
        }
    }

    /// The properties of an object, or of the items of a list.
    fn schema(&mut self, schema: &Value, depth: usize) {
        let document = self.document;
        let page = Page {
            document,
            html: String::new(),
        };
        let schema = page.resolved(schema);
        if depth >= MAX_DEPTH {
            return;
        }
        for form in list(&schema["anyOf"]) {
            self.schema(form, depth);
        }
        if let Some(items) = schema.get("items") {
            self.schema(items, depth);
        }
        let Some(properties) = schema["properties"].as_object() else {
            return;
        };
        let required = list(&schema["required"]);
        self.raw("<dl>");
        for (name, property) in properties {
            let resolved = page.resolved(property);
            self.raw("<dt><code>");
            self.escaped(name);
            self.raw("</code> <span class=\"kind\">");
            self.escaped(&kind(&page, property));
            self.raw("</span>");
            if required.iter().any(|own| own == name) {
                self.raw(" <span class=\"required\">required</span>");
            }
            self.raw("</dt><dd>");
            let said = property
                .get("description")
                .or_else(|| resolved.get("description"));
            self.text(said.unwrap_or(&Value::Null));
            self.schema(property, depth + 1);
            self.raw("</dd>");
        }
        self.raw("</dl>");
    }
}

fn content(holder: &Value) -> Option<&Value> {
    holder["content"]
        .as_object()?
        .values()
        .next()?
        .get("schema")
}

/// What a value may be, in a few words.
fn kind(page: &Page<'_>, schema: &Value) -> String {
    let schema = page.resolved(schema);
    let mut words = match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let kinds = kinds
                .iter()
                .filter_map(Value::as_str)
                .filter(|kind| *kind != "null");
            kinds.collect::<Vec<_>>().join(" or ")
        }
        _ => {
            let mut kinds: Vec<String> = Vec::new();
            for form in list(&schema["anyOf"]) {
                let kind = kind(page, form);
                if !kind.is_empty() && kind != "null" && !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            kinds.join(" or ")
        }
    };
    if let Some(value) = schema.get("const") {
        words = value.to_string();
    }
    let choices = list(&schema["enum"]);
    if (1..=8).contains(&choices.len()) {
        let shown = choices
            .iter()
            .filter(|choice| !choice.is_null())
            .map(Value::to_string);
        words = shown.collect::<Vec<_>>().join(" | ");
    }
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(low), Some(high)) => words.push_str(&format!(", {low} to {high}")),
        (Some(low), None) => words.push_str(&format!(", from {low}")),
        _ => {}
    }
    if let Some(default) = schema.get("default") {
        words.push_str(&format!(", default {default}"));
    }
    words
}
