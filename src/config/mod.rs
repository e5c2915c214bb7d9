//! Settings: one TOML file and a few environment variables, read once.
//!
//! `raw` is what was written (unknown keys are errors); the types here are resolved and checked, and
//! each part of the program gets its own struct. Nothing else reads the environment.

mod checked;

pub use self::checked::{
    AuditConfig, ChatPolicy, Config, EgressMode, EngineConfig, Exposure, JurisdictionRule, KvDtype,
    LimitsConfig, LogFormat, ModelsConfig, NodeConfig, ResidencyConfig, SandboxConfig,
    ServerConfig, TelemetryConfig,
};
