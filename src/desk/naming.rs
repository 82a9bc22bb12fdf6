//! Names and texts that people here give to what is theirs.
//!
//! What channels, visitors and other backends call somebody is not refused by these rules.

use super::{Error, Result};

/// What a text of several lines may hold of control characters; a name holds none.
const BETWEEN_WORDS: &str = "\n\r\t";

/// Reads a name, which is one line: what is left of it without space around, if that is neither empty nor
/// too long. `what` it is called stands in the refusal.
pub(super) fn name(what: &str, told: &str, longest: usize) -> Result<String> {
    let name = line(what, told, longest)?;
    if name.is_empty() {
        return Err(Error::Invalid(format!("{what} is empty")));
    }
    Ok(name)
}

/// As [`name`], of what may be empty.
pub(super) fn line(what: &str, told: &str, longest: usize) -> Result<String> {
    let told = told.trim();
    check(what, told, longest, "")?;
    Ok(told.to_owned())
}

/// Makes sure that a text, which may be of several lines, is not too long and can be shown.
pub(super) fn check_text(what: &str, told: &str, longest: usize) -> Result<()> {
    check(what, told, longest, BETWEEN_WORDS)
}

fn check(what: &str, told: &str, longest: usize, allowed: &str) -> Result<()> {
    if told.chars().count() > longest {
        return Err(Error::Invalid(format!("{what} is longer than {longest} characters")));
    }
    if told.chars().any(|it| it.is_control() && !allowed.contains(it)) {
        return Err(Error::Invalid(format!("{what} holds a control character")));
    }
    Ok(())
}
