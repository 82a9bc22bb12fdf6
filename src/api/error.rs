//! The face of errors: `application/problem+json` with a stable `code`.
//!
//! <https://www.rfc-editor.org/rfc/rfc9457>

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::auth::Refusal;
use crate::channels::Malformed;
use crate::desk;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A desk refused or failed.
    #[error(transparent)]
    Desk(#[from] desk::Error),
    /// The caller is not let in.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The caller may not do that.
    #[error("your role does not allow this")]
    Forbidden,
    /// There is nothing at that address.
    #[error("there is nothing here")]
    NotFound,
    /// There is something, but not for that method.
    #[error("this address does not take that method")]
    MethodNotAllowed,
    /// The request makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// What should be a moment is none.
    #[error("{0}")]
    NoTime(String),
    /// The request's body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// A webhook is not what its provider sends.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A webhook is not signed as it must be.
    #[error("the signature is {0}")]
    Unsigned(&'static str),
    /// A verification request does not know the word.
    #[error("the verify token is wrong, or none is set here")]
    VerifyToken,
}

/// What the client is told.
#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    #[serde(flatten)]
    also: Option<Value>,
}

impl ApiError {
    /// The status and the code, which clients may rely on.
    fn face(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Desk(error) => face_of_desk(error),
            Self::Refused(Refusal::Storage(error)) => face_of_desk(error),
            Self::Refused(Refusal::Password) => (StatusCode::UNAUTHORIZED, "invalid_credentials"),
            Self::Refused(Refusal::Missing) => (StatusCode::UNAUTHORIZED, "token_missing"),
            Self::Refused(Refusal::Expired) => (StatusCode::UNAUTHORIZED, "token_expired"),
            Self::Refused(
                Refusal::Malformed | Refusal::Algorithm | Refusal::Signature | Refusal::Tenant,
            ) => (StatusCode::UNAUTHORIZED, "token_invalid"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::NoTime(_) => (StatusCode::BAD_REQUEST, "invalid_time"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed_webhook"),
            Self::Unsigned(_) => (StatusCode::UNAUTHORIZED, "signature_invalid"),
            Self::VerifyToken => (StatusCode::FORBIDDEN, "verify_token_invalid"),
        }
    }

    /// What clients of before expect beside the problem.
    fn also(&self) -> Option<Value> {
        match self {
            Self::NoTime(why) => Some(json!({ "error": why })),
            Self::Desk(desk::Error::Forgotten { .. }) => {
                let error = json!({ "code": "resync_required", "message": self.to_string() });
                Some(json!({ "ok": false, "error": error }))
            }
            _ => None,
        }
    }
}

fn face_of_desk(error: &desk::Error) -> (StatusCode, &'static str) {
    match error {
        desk::Error::NoTenant(_)
        | desk::Error::NoConversation(_)
        | desk::Error::NoInbox(_)
        | desk::Error::NoWebhook(_) => (StatusCode::NOT_FOUND, "not_found"),
        desk::Error::Exists(_) => (StatusCode::CONFLICT, "exists"),
        desk::Error::Forgotten { .. } => (StatusCode::GONE, "resync_required"),
        desk::Error::IntakeFull => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        desk::Error::Storage(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.face();
        if let Self::Desk(desk::Error::Storage(cause))
        | Self::Refused(Refusal::Storage(desk::Error::Storage(cause))) = &self
        {
            tracing::error!(error = %cause, "storage failed");
        }
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            also: self.also(),
        };
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, Json(problem)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, 1.into());
        }
        response
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadRequest(rejection.body_text()),
        }
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::BadRequest(rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::BadRequest(rejection.body_text())
    }
}
