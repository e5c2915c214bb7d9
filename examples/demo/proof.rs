//! The two proofs: what the process can't do, and what the audit log can't hide.

use anyhow::Context as _;
use serde_json::Value;

use crate::screen::{Ink, Screen};
use crate::server::{Server, pause};
use crate::story::{Story, names};

/// Longest wait for a signed checkpoint, in pauses; the demo configuration signs every ten seconds.
const MOST_PAUSES: u32 = 60;

/// What the server tried before its first request, and what the kernel says of its threads.
pub(crate) fn sandbox(story: &mut Story<'_>) -> anyhow::Result<()> {
    let (server, screen) = (story.server, story.screen);
    screen.heading("The sandbox");
    screen.gap();
    let pid = server.pid.to_string();
    let report = server.tool(&["doctor", "--json", "--pid", &pid])?;
    let enforcement = &report["trial"]["enforcement"];
    screen.fact(
        "closed by",
        &format!(
            "landlock (abi {}), {} stacked seccomp filters of {} instructions, no capabilities",
            enforcement["landlock_abi"], enforcement["filters"], enforcement["instructions"]
        ),
    );
    let threads = &report["server"]["threads"];
    screen.fact(
        "the server",
        &format!(
            "{} threads, {} filtered, {} without capabilities",
            threads["count"], threads["filtered"], threads["without_capabilities"]
        ),
    );
    screen.label("ways out that were tried from inside");
    let ways = report["trial"]["self_test"]["ways"].as_array();
    let ways = ways.map(Vec::as_slice).unwrap_or_default();
    let refused = ways.iter().filter(|way| outcome(way) == "refused").count();
    table(screen, ways);
    screen.gap();
    story.check(
        refused == ways.len() && refused > 40,
        &format!(
            "a process in this sandbox tried {} ways out, {} got out",
            ways.len(),
            ways.len() - refused
        ),
    );
    let own = log_lines(server)?
        .into_iter()
        .find(|line| line["kind"] == "self-test")
        .context("the server recorded no self-test")?;
    story.check(
        own["passed"] == true,
        &format!(
            "the server tried {} itself before its first request, {} got out",
            own["attempts"],
            own["open"].as_array().map_or(0, Vec::len)
        ),
    );
    let covered = ["filtered", "no_new_privs", "without_capabilities"]
        .iter()
        .all(|what| threads[*what] == threads["count"]);
    story.check(covered, "every thread of the server is covered");
    Ok(())
}

fn outcome(way: &Value) -> &str {
    way["outcome"]["outcome"].as_str().unwrap_or_default()
}

/// Three columns of ways, each with the kernel's answer.
fn table(screen: Screen, ways: &[Value]) {
    for row in ways.chunks(3) {
        let cells: Vec<String> = row
            .iter()
            .map(|way| {
                let name = way["name"].as_str().unwrap_or_default();
                let cell = format!("{name:24}");
                if outcome(way) == "refused" {
                    cell
                } else {
                    screen.ink(Ink::Bad, &cell)
                }
            })
            .collect();
        screen.line(cells.join(" ").trim_end());
    }
}

/// Every entry of the log, oldest first.
fn log_lines(server: &Server) -> anyhow::Result<Vec<Value>> {
    let data = server.data_dir.to_string_lossy();
    let text = server.tool_text(&["audit", "export", "--data-dir", &data])?;
    text.lines()
        .map(|line| serde_json::from_str(line).context("not an entry"))
        .collect()
}

/// The German case in the log, with the proof that it is in there.
pub(crate) fn audit_entry(story: &mut Story<'_>, entry: u64) -> anyhow::Result<()> {
    let (server, screen) = (story.server, story.screen);
    screen.heading("The audit log");
    let data = server.data_dir.to_string_lossy().into_owned();
    let number = entry.to_string();
    let mut shown = server.tool(&["audit", "show", &number, "--data-dir", &data])?;
    // The signed checkpoint of the tree comes every few seconds.
    for _ in 0..MOST_PAUSES {
        if shown["checkpoint"].is_string() {
            break;
        }
        pause();
        shown = server.tool(&["audit", "show", &number, "--data-dir", &data])?;
    }
    let opened: Value = serde_json::from_str(shown["entry"].as_str().unwrap_or_default())?;
    screen.label(&format!(
        "entry {entry}, on disk before the model was asked"
    ));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    screen.fact("when", &text(&opened["time"]));
    screen.fact("who", &format!("the key `{}`", text(&opened["key_name"])));
    let use_case = &opened["use_case"];
    screen.fact(
        "what",
        &format!("{} v{}", text(&use_case["name"]), use_case["version"]),
    );
    screen.fact("why", &text(&opened["purpose"]));
    screen.fact("legal basis", &text(&opened["legal_basis"]));
    let residence = &opened["residency"][0];
    screen.fact(
        "from where",
        &format!(
            "{} by the rule `{}`",
            text(&residence["jurisdiction"]),
            text(&residence["rule"])
        ),
    );
    screen.fact("model", &text(&opened["model"]["name"]));
    screen.fact("its weights", &text(&opened["model"]["digest"]));
    let lines = log_lines(server)?;
    let closed = lines
        .iter()
        .find(|line| line["kind"] == "close" && line["opens"] == entry)
        .context("the entry was not closed")?;
    screen.label(&format!(
        "entry {}, when the answer had ended",
        closed["index"]
    ));
    screen.fact("verdict", &text(&closed["verdict"]));
    screen.fact("masked", &closed["entities"].to_string());
    screen.fact(
        "dropped fields",
        &names(&closed["dropped_names"]).join(", "),
    );
    screen.fact("the prompt", &text(&closed["prompt_digest"]));
    proof(story, &shown);
    Ok(())
}

fn proof(story: &mut Story<'_>, shown: &Value) {
    let screen = story.screen;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    screen.label(&format!(
        "the proof (RFC 6962): entry {} is in the tree of {} entries",
        shown["index"], shown["tree_size"]
    ));
    screen.fact("leaf", &text(&shown["leaf"]));
    for hash in names(&shown["proof"]) {
        screen.fact("  with", hash);
    }
    screen.fact("root", &text(&shown["root"]));
    if let Some(checkpoint) = shown["checkpoint"].as_str() {
        screen.label("the signed checkpoint of that root");
        screen.quote(checkpoint, Ink::Dim, &[]);
    }
    screen.gap();
    story.check(
        shown["checkpoint"].is_string(),
        "the proof leads to a root that the node has signed",
    );
}

/// After the end: the log is whole.
pub(crate) fn whole_log(server: &Server, screen: Screen) -> anyhow::Result<()> {
    let data = server.data_dir.to_string_lossy();
    let found = server.tool(&["audit", "verify", "--data-dir", &data])?;
    let open = found["interrupted"].as_array().map_or(0, Vec::len);
    let line = format!(
        "stopped cleanly · audit log verified: {} entries, {} checkpoints, {open} requests left open",
        found["head"]["size"], found["checkpoints"]
    );
    screen.line(&line);
    Ok(())
}
