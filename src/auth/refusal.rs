//! Why somebody is not let in.

use super::Scope;
use crate::desk;

/// Why somebody is not let in. Each says so in words that a client may show.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is none.
    #[error("the token is missing")]
    Missing,
    /// It is no token, or lacks a claim.
    #[error("the token is malformed")]
    Malformed,
    /// It is signed by another algorithm than HS256, or not at all.
    #[error("the token's algorithm is not HS256")]
    Algorithm,
    /// Somebody else has signed it.
    #[error("the token's signature is wrong")]
    Signature,
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// Its tenant does not exist.
    #[error("the token's tenant is unknown")]
    Tenant,
    /// It was taken back, or never given.
    #[error("the token is unknown, has expired or was revoked")]
    ApiToken,
    /// Its session has ended.
    #[error("the session has ended")]
    SessionEnded,
    /// They are not to do anything here any more.
    #[error("this account is disabled")]
    Disabled,
    /// The refresh token is none, or cannot be used any more.
    #[error("the refresh token is unknown, has expired or was used before")]
    RefreshToken,
    /// They may not do that.
    #[error("your role does not allow this")]
    Role,
    /// Their token does not reach that far.
    #[error("the token lacks the scope {}", .0.name())]
    Scope(Scope),
    /// It is not for programs.
    #[error("this takes somebody who has signed in, not a token for programs")]
    Program,
    /// Agents do not want to hear of this visitor.
    #[error("this visitor is blocked")]
    Blocked,
    /// Nobody signs in by that address and password.
    #[error("the email address or the password is wrong")]
    Password,
    /// The password that is to be another is not that.
    #[error("the old password is wrong")]
    OldPassword,
    /// A desk refused, or nobody can tell at the moment.
    #[error(transparent)]
    Storage(#[from] desk::Error),
}
