//! How people are reached who have no tab open.

use clap::Args;

/// How people are reached who have no tab open.
#[derive(Args, Clone, Debug, Default)]
pub struct Push {
    /// Whom push services write to when there is trouble, as mailto:… or https://…; Apple's takes
    /// nothing without
    #[arg(long, env = "PUSH_CONTACT", value_parser = contact)]
    pub push_contact: Option<String>,
}

/// <https://www.rfc-editor.org/rfc/rfc8292#section-2.1>
fn contact(text: &str) -> Result<String, String> {
    let text = text.trim();
    if ["mailto:", "https://"].iter().any(|scheme| text.starts_with(scheme)) {
        Ok(text.to_owned())
    } else {
        Err("neither mailto:… nor https://…".to_owned())
    }
}
