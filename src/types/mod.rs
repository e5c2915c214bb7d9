//! Words that all modules share: identifiers, jurisdictions, sensitive values, time, records.
//!
//! Nothing here decides anything or touches the outside.

mod chat;
mod clock;
mod data_class;
mod digest;
mod entity;
mod grounding;
mod ids;
mod jurisdiction;
mod kv_format;
mod log_safe;
mod mode;
mod name;
mod record;
mod sensitive;
mod tools;
mod usage;

pub use self::chat::{Chat, Message, MessageRole, ToolCall};
pub use self::clock::{Clock, ManualClock, SharedClock, SystemClock, Timestamp};
pub use self::data_class::DataClass;
pub use self::digest::{Digest, ParseDigestError};
pub use self::entity::{Entity, ParseEntityError};
pub use self::grounding::{GROUNDED, Grounding, mentions_grounding};
pub use self::ids::{EntryId, KeyId, RequestId, TenantSalt};
pub use self::jurisdiction::{Jurisdiction, JurisdictionSet, ParseJurisdictionError};
pub use self::kv_format::{KvFormat, ParseKvFormatError};
pub use self::log_safe::LogSafe;
pub use self::mode::Mode;
pub use self::name::{Name, ParseNameError};
pub use self::record::{FieldValue, Record, RecordError, Variable};
pub use self::sensitive::Sensitive;
pub use self::tools::{AnswerFormat, TemplateArguments, Tool, ToolChoice, ToolUse};
pub use self::usage::{FinishReason, TokenUsage};
