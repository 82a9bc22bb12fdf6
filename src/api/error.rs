//! The face of errors: `application/problem+json` with a stable `code`.
//!
//! <https://www.rfc-editor.org/rfc/rfc9457>

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use tower_http::timeout::TimeoutError;
use utoipa::openapi::{self, ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::auth::Refusal;
use crate::channels::Malformed;
use crate::desk;
use crate::media;
use crate::reconcile;
use crate::telemetry::request;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A desk refused or failed.
    #[error(transparent)]
    Desk(#[from] desk::Error),
    /// The caller is not let in.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The caller may not read the metrics.
    #[error("the metrics' token is missing or wrong")]
    MetricsToken,
    /// A file is not taken, or not given.
    #[error(transparent)]
    Media(#[from] media::Error),
    /// What a channel keeps cannot be found out.
    #[error("the channel does not tell: {0}")]
    Reconcile(String),
    /// An address that opens a file is not one of ours, or was.
    #[error("the link is {0}")]
    Link(&'static str),
    /// The chat of a site may not be opened by a page of that origin.
    #[error("this chat is not for pages of that origin")]
    Origin,
    /// The site does not vouch for a visitor.
    #[error("the identity is {0}")]
    Identity(&'static str),
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
    /// The request's body takes too long to come.
    #[error("the body takes too long to come")]
    TooSlow,
    /// The request's body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// Too much at once; for how long to wait.
    #[error("too much at once: try again later")]
    RateLimited(Duration),
    /// A request with the same `Idempotency-Key` is being worked on.
    #[error("a request with this Idempotency-Key is being worked on")]
    InProgress,
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

/// Why a request was refused, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, for people.
    detail: String,
    /// What is wrong, for programs: stable.
    code: &'static str,
    /// What the request is called in the logs, and in the header `x-request-id`.
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    also: Option<Value>,
}

impl ApiError {
    /// The status and the code, which clients may rely on.
    fn face(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Desk(error) => face_of_desk(error),
            Self::Refused(Refusal::Storage(error)) => face_of_desk(error),
            Self::Refused(Refusal::Password) => (StatusCode::UNAUTHORIZED, "invalid_credentials"),
            Self::Refused(Refusal::Role) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::Refused(Refusal::Missing) => (StatusCode::UNAUTHORIZED, "token_missing"),
            Self::Refused(Refusal::Expired) => (StatusCode::UNAUTHORIZED, "token_expired"),
            Self::Refused(
                Refusal::Malformed
                | Refusal::Algorithm
                | Refusal::Signature
                | Refusal::Tenant
                | Refusal::ApiToken,
            ) => (StatusCode::UNAUTHORIZED, "token_invalid"),
            Self::Media(error) => face_of_media(error),
            Self::Reconcile(_) => (StatusCode::BAD_GATEWAY, "channel_failed"),
            Self::Link(_) => (StatusCode::FORBIDDEN, "link_invalid"),
            Self::Origin => (StatusCode::FORBIDDEN, "origin_not_allowed"),
            Self::Identity(_) => (StatusCode::FORBIDDEN, "identity_invalid"),
            Self::Refused(Refusal::Blocked) => (StatusCode::FORBIDDEN, "visitor_blocked"),
            Self::MetricsToken => (StatusCode::UNAUTHORIZED, "metrics_token_invalid"),
            Self::Refused(Refusal::SessionEnded) => (StatusCode::UNAUTHORIZED, "session_ended"),
            Self::Refused(Refusal::Disabled) => (StatusCode::UNAUTHORIZED, "account_disabled"),
            Self::Refused(Refusal::RefreshToken) => {
                (StatusCode::UNAUTHORIZED, "refresh_token_invalid")
            }
            Self::Refused(Refusal::Scope(_)) => (StatusCode::FORBIDDEN, "scope_missing"),
            Self::Refused(Refusal::Program) => (StatusCode::FORBIDDEN, "forbidden"),
            // Not 401, upon which clients would sign out somebody who is signed in.
            Self::Refused(Refusal::OldPassword) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid_credentials")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::NoTime(_) => (StatusCode::BAD_REQUEST, "invalid_time"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::InProgress => (StatusCode::CONFLICT, "request_in_progress"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed_webhook"),
            Self::Unsigned(_) => (StatusCode::UNAUTHORIZED, "signature_invalid"),
            Self::VerifyToken => (StatusCode::FORBIDDEN, "verify_token_invalid"),
        }
    }

    /// What is wrong, for programs: stable.
    pub fn code(&self) -> &'static str {
        self.face().1
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
        | desk::Error::NoContact(_)
        | desk::Error::NoInbox(_)
        | desk::Error::NoStage(_)
        | desk::Error::NoMessage(_)
        | desk::Error::NoMedia(_)
        | desk::Error::NoUser(_)
        | desk::Error::NoChat(_)
        | desk::Error::NoToken(_)
        | desk::Error::NoSubscription(_)
        | desk::Error::NoCannedResponse(_)
        | desk::Error::NoWebhook(_) => (StatusCode::NOT_FOUND, "not_found"),
        desk::Error::MediaPending(_) => (StatusCode::CONFLICT, "media_pending"),
        desk::Error::MediaGone(_) => (StatusCode::GONE, "media_gone"),
        desk::Error::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        desk::Error::Above => (StatusCode::FORBIDDEN, "forbidden"),
        desk::Error::LastAdmin => (StatusCode::CONFLICT, "last_admin"),
        desk::Error::NoAccessToken(_) => (StatusCode::CONFLICT, "no_access_token"),
        desk::Error::OtherRequest => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
        desk::Error::AnswerLost => (StatusCode::CONFLICT, "answer_lost"),
        desk::Error::Sealed(_) | desk::Error::PushKeySealed => {
            (StatusCode::SERVICE_UNAVAILABLE, "secrets_sealed")
        }
        desk::Error::WindowClosed(_) => (StatusCode::CONFLICT, "window_closed"),
        desk::Error::OutcomeUnknown(_) => (StatusCode::CONFLICT, "outcome_unknown"),
        desk::Error::Exists(_) => (StatusCode::CONFLICT, "exists"),
        desk::Error::Forgotten { .. } => (StatusCode::GONE, "resync_required"),
        desk::Error::IntakeFull => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        desk::Error::Storage(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
    }
}

fn face_of_media(error: &media::Error) -> (StatusCode, &'static str) {
    match error {
        media::Error::Desk(error) => face_of_desk(error),
        media::Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        media::Error::Unsendable(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_file"),
        media::Error::Missing(_) => (StatusCode::GONE, "media_gone"),
        media::Error::NoToken => (StatusCode::CONFLICT, "no_access_token"),
        media::Error::Checksum | media::Error::Channel(_) | media::Error::NotTaken(_) => {
            (StatusCode::BAD_GATEWAY, "channel_failed")
        }
        media::Error::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.face();
        if let Self::Desk(desk::Error::Storage(cause))
        | Self::Refused(Refusal::Storage(desk::Error::Storage(cause)))
        | Self::Media(media::Error::Desk(desk::Error::Storage(cause))) = &self
        {
            tracing::error!(error = %cause, "storage failed");
        }
        if let Self::Desk(sealed @ (desk::Error::Sealed(_) | desk::Error::PushKeySealed)) = &self {
            tracing::error!(error = %sealed, "secrets cannot be opened");
        }
        let wait = match &self {
            Self::RateLimited(wait) => Some(wait.as_secs() + 1),
            Self::InProgress => Some(1),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(1),
            _ => None,
        };
        if let Self::Media(media::Error::Store(cause)) = &self {
            tracing::error!(error = %cause, "the store for files failed");
        }
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            request_id: request::current(),
            also: self.also(),
        };
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, Json(problem)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // Some clients fail over an answer without it: RFC 9110, section 15.5.2.
            let how = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// How any request may be refused; what a code means, is told beside it.
impl IntoResponses for ApiError {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let problem = |description: &str| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", content.build());
            RefOr::T(response.build())
        };
        [
            ("400", "The request makes no sense."),
            ("401", "The token is missing, wrong or has expired."),
            ("403", "The caller's role does not allow it."),
            ("404", "There is no such thing, or the caller may not see it."),
            ("405", "The address does not take that method."),
            ("408", "The body takes too long to come."),
            ("409", "Something is in the way: what should be new exists, or a window is closed."),
            ("410", "It is there no more."),
            ("413", "The body is too large."),
            ("415", "The body is not of the type that is taken."),
            ("422", "A value makes no sense."),
            ("429", "Too much at once: try again after the seconds in Retry-After."),
            ("503", "Nothing can be stored at the moment; try again."),
        ]
        .map(|(status, description)| (status.to_owned(), problem(description)))
        .into()
    }
}

impl From<reconcile::Error> for ApiError {
    fn from(error: reconcile::Error) -> Self {
        match error {
            reconcile::Error::Channel(why) => Self::Reconcile(why),
            reconcile::Error::Desk(error) => Self::Desk(error),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ if is_late(&rejection) => Self::TooSlow,
            _ => Self::BadRequest(rejection.body_text()),
        }
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ if is_late(&rejection) => Self::TooSlow,
            _ => Self::BadRequest(rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::BadRequest(rejection.body_text())
    }
}

/// Whether a body was given up because it took too long.
pub(super) fn is_late(rejection: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(rejection), |&error| error.source());
    causes.any(<dyn Error>::is::<TimeoutError>)
}
