//! `bailiwick keys`: create, list, revoke, rotate.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Subcommand;

use crate::policy::{KeyRecord, Keyring, NewKey, Role};
use crate::store::{DataDirLock, Secrets, Store};
use crate::types::{Clock as _, KeyId, Name, SystemClock};

use super::{DataDir, say};

const DAY: Duration = Duration::from_secs(86_400);
/// How often it is looked whether a running server knows of a change …
const LOOK: Duration = Duration::from_millis(50);
/// … and how many times.
const LOOKS: u32 = 200;

#[derive(Debug, clap::Args)]
pub(super) struct KeysCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key and show it, once
    Create {
        /// Whom it speaks for: a-z, 0-9, '-', '_' and '.'
        name: String,
        /// What it may do: app, operator, approver, auditor, admin
        #[arg(long = "role", default_value = "app")]
        roles: Vec<String>,
        /// Refuse it after this many days
        #[arg(long, value_name = "DAYS")]
        expires_in: Option<u32>,
        /// The only use cases that it may call
        #[arg(long = "use-case", value_name = "NAME")]
        use_cases: Vec<String>,
        #[command(flatten)]
        data: DataDir,
    },
    /// List all keys, without their secrets
    List(DataDir),
    /// Refuse a key from now on
    Revoke {
        /// Its id: the part of the key after `bwk_`
        id: String,
        #[command(flatten)]
        data: DataDir,
    },
    /// Make a new key with the same rights; the old one goes on for a while
    Rotate {
        /// The old key's id
        id: String,
        /// Hours for which the old key goes on
        #[arg(long, default_value_t = 24)]
        overlap_hours: u32,
        #[command(flatten)]
        data: DataDir,
    },
}

pub(super) fn run(command: &KeysCommand) -> anyhow::Result<ExitCode> {
    match &command.action {
        Action::Create {
            name,
            roles,
            expires_in,
            use_cases,
            data,
        } => {
            let expires = expires_in.map(|days| SystemClock.now().plus(DAY * days));
            let use_cases: Vec<Name> = use_cases
                .iter()
                .map(|name| name.parse())
                .collect::<Result<_, _>>()?;
            let new = NewKey {
                name: name.parse()?,
                roles: roles
                    .iter()
                    .map(|role| role.parse::<Role>())
                    .collect::<Result<_, _>>()?,
                expires,
                use_cases: (!use_cases.is_empty()).then_some(use_cases),
            };
            let keyring = open(data)?;
            let (record, key) = keyring.create(new)?;
            say(&line(&record));
            say("the key, shown this once:");
            say(key.expose());
            settle(&keyring, data)?;
        }
        Action::List(data) => open(data)?
            .list()?
            .iter()
            .for_each(|record| say(&line(record))),
        Action::Revoke { id, data } => {
            let keyring = open(data)?;
            keyring.revoke(&key_id(id)?)?;
            settle(&keyring, data)?;
            say("revoked");
        }
        Action::Rotate {
            id,
            overlap_hours,
            data,
        } => {
            let overlap = Duration::from_secs(3600) * *overlap_hours;
            let keyring = open(data)?;
            let (record, key) = keyring.rotate(&key_id(id)?, overlap)?;
            say(&line(&record));
            say("the new key, shown this once:");
            say(key.expose());
            settle(&keyring, data)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until a server that runs on this folder knows of the change: what a command says is true when it
/// has said it.
#[expect(
    clippy::disallowed_methods,
    reason = "a command of one thread that waits for another process"
)]
fn settle(keyring: &Keyring, data: &DataDir) -> anyhow::Result<()> {
    let dir = data.resolve()?;
    for _ in 0..LOOKS {
        if !DataDirLock::is_held(&dir) || keyring.changes_are_known()? {
            return Ok(());
        }
        std::thread::sleep(LOOK);
    }
    bail!("the change is made, but the running server has not taken it over; its log says why")
}

fn open(data: &DataDir) -> anyhow::Result<Keyring> {
    let dir = data.resolve()?;
    let store = Arc::new(Store::open(&dir)?);
    let secrets = Secrets::open(&dir)?;
    Ok(Keyring::open(
        store,
        &secrets.pepper,
        SystemClock::shared(),
    )?)
}

fn key_id(text: &str) -> anyhow::Result<KeyId> {
    KeyId::parse(text)
        .context("a key's id has letters and digits; `bailiwick keys list` shows them")
}

fn line(record: &KeyRecord) -> String {
    let roles: Vec<String> = record.roles.iter().map(ToString::to_string).collect();
    let mut text = format!(
        "{}  {}  {}  created {}",
        record.id,
        record.name,
        roles.join(","),
        record.created
    );
    for (word, time) in [
        ("expires", record.expires),
        ("revoked", record.revoked),
        ("last used", record.last_used),
    ] {
        if let Some(time) = time {
            text.push_str(&format!("  {word} {time}"));
        }
    }
    text
}
