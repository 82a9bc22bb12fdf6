//! A part of a request, which knows where it stands when something is wrong with it.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::error::GraphError;

/// A part that may be missing.
pub(super) struct Part<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Part<'a> {
    /// The whole of a request.
    pub(super) fn whole(value: &'a Value) -> Self {
        Self { path: String::new(), value: Some(value) }
    }

    pub(super) fn at(&self, key: &str) -> Self {
        let path =
            if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let value = self.value.and_then(|value| value.get(key)).filter(|value| !value.is_null());
        Self { path, value }
    }

    pub(super) fn is_there(&self) -> bool {
        self.value.is_some()
    }

    /// The part itself, which must be there.
    pub(super) fn required(&self) -> Result<&'a Value, GraphError> {
        self.value.ok_or_else(|| GraphError::missing(&self.path))
    }

    /// Text that must be there, of so many characters at most.
    pub(super) fn text(&self, longest: usize) -> Result<&'a str, GraphError> {
        match self.text_if_there(longest)? {
            Some("") | None => Err(GraphError::missing(&self.path)),
            Some(text) => Ok(text),
        }
    }

    /// Text that may be missing or empty.
    pub(super) fn text_if_there(&self, longest: usize) -> Result<Option<&'a str>, GraphError> {
        let Some(value) = self.value else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.wrong("must be a string"))?;
        if text.chars().count() > longest {
            let why = format!("Param {} must be at most {longest} characters long.", self.path);
            return Err(GraphError::new(100, why));
        }
        Ok(Some(text))
    }

    /// One of these words.
    pub(super) fn one_of(&self, words: &[&str]) -> Result<&'a str, GraphError> {
        let word = self.text(usize::MAX)?;
        if words.contains(&word) {
            return Ok(word);
        }
        Err(self.wrong(&format!("must be one of {{{}}}", words.join(", "))))
    }

    /// A number, or text that is one, as Meta takes either.
    pub(super) fn number(&self) -> Result<(), GraphError> {
        let value = self.required()?;
        let is_number = match value {
            Value::String(text) => text.parse::<f64>().is_ok(),
            value => value.is_number(),
        };
        if is_number { Ok(()) } else { Err(self.wrong("must be a number")) }
    }

    /// A list of so many parts.
    pub(super) fn list(&self, count: RangeInclusive<usize>) -> Result<Vec<Self>, GraphError> {
        let list = self.required()?.as_array().ok_or_else(|| self.wrong("must be a list"))?;
        if !count.contains(&list.len()) {
            let why = format!("must have {} to {} elements", count.start(), count.end());
            return Err(self.wrong(&why));
        }
        let part = |(at, value)| Self { path: format!("{}[{at}]", self.path), value: Some(value) };
        Ok(list.iter().enumerate().map(part).collect())
    }

    pub(super) fn wrong(&self, why: &str) -> GraphError {
        GraphError::invalid(&self.path, why)
    }
}
