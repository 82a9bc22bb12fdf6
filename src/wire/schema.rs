//! The closed sets of words in written forms, as the API's description names them.
//!
//! The values themselves are the desk's; these say to clients which words there are.

use utoipa::ToSchema;

/// Which way a message went, seen from the business.
#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// From the contact.
    Inbound,
    /// From the business.
    Outbound,
}

/// What a message is drawn as.
#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageType {
    /// Words, and everything that is best shown as words.
    Text,
    /// A picture or sticker.
    Image,
    /// A film.
    Video,
    /// A sound or voice message.
    Audio,
    /// A file.
    Document,
    /// A place.
    Location,
}

/// How far a message has got; it only moves forward.
#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageStatus {
    /// The channel has not taken it, or nobody knows whether it has: then `error.code` says so.
    Pending,
    /// The channel has taken it.
    Sent,
    /// It is on the contact's device.
    Delivered,
    /// The contact has seen it.
    Read,
    /// It will not arrive.
    Failed,
}

/// Whether somebody has to do something about a conversation.
#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConversationStatus {
    /// An answer is due.
    Open,
    /// The customer's turn.
    Pending,
    /// Put aside until `snoozedUntil`.
    Snoozed,
    /// Done, until they write again.
    Resolved,
}

/// What a person may do.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Role {
    /// Runs the installation.
    Operator,
    /// Runs one tenant.
    Admin,
    /// Answers customers.
    Agent,
}
