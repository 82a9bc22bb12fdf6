//! Identifiers: one type per table, so that a contact is never mistaken for a conversation.
//!
//! What Recado numbers itself is a version 7 UUID, hence sorted by creation time. Tenants and users
//! may be named by the customer's own backend and are any text.

use std::fmt;
use std::str::FromStr;

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord,
            Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Returns a fresh identifier, later than every earlier one of this process.
            pub fn generate() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

text_id! {
    /// A customer of this installation. Every row belongs to exactly one.
    TenantId
}
text_id! {
    /// A person of the tenant's who signs in; the `sub` of a token.
    UserId
}
uuid_id! {
    /// One connection of a tenant to a channel.
    InboxId
}
uuid_id! {
    /// A person on the far side of a channel.
    ContactId
}
uuid_id! {
    /// A thread of messages with one contact in one inbox.
    ConversationId
}
uuid_id! {
    /// A column of the board.
    StageId
}
uuid_id! {
    /// One message, in either direction.
    MessageId
}
uuid_id! {
    /// One webhook request as it arrived.
    WebhookId
}
uuid_id! {
    /// One thing that a channel is to be told.
    DeliveryId
}
uuid_id! {
    /// A file.
    MediaId
}
uuid_id! {
    /// A refresh token, and the sign-in it descends from.
    SessionId
}
uuid_id! {
    /// A visitor's chat on a site, in one browser.
    ChatSessionId
}
uuid_id! {
    /// A token for a program.
    ApiTokenId
}
uuid_id! {
    /// A browser that shows what a person is told.
    PushSubscriptionId
}
uuid_id! {
    /// A line of the audit log.
    AuditId
}
uuid_id! {
    /// An answer that is given often.
    CannedResponseId
}

impl UserId {
    /// Returns a fresh identifier for a user whom Recado itself keeps.
    pub fn generate() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }
}
