//! Refusals, as Meta words them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal.
///
/// <https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes>
#[derive(Clone, Debug)]
pub(super) struct GraphError {
    pub(super) code: u32,
    subcode: Option<u32>,
    details: String,
}

impl GraphError {
    pub(super) fn new(code: u32, details: impl Into<String>) -> Self {
        Self { code, subcode: None, details: details.into() }
    }

    /// The answer about what does not exist, or what the token may not see.
    pub(super) fn no_object(id: &str) -> Self {
        let details = format!(
            "Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
        );
        Self { code: 100, subcode: Some(33), details }
    }

    /// A field that every request has is not there.
    pub(super) fn required(field: &str) -> Self {
        Self::new(100, format!("The parameter {field} is required."))
    }

    /// A field that this kind of message has is not there.
    pub(super) fn missing(field: &str) -> Self {
        Self::new(131_008, format!("Parameter '{field}' is missing"))
    }

    /// A field is not what it should be.
    pub(super) fn invalid(field: &str, why: &str) -> Self {
        Self::new(131_009, format!("Parameter '{field}' {why}"))
    }

    pub(super) fn status(&self) -> StatusCode {
        match self.code {
            0 | 190 => StatusCode::UNAUTHORIZED,
            4 | 80_007 | 130_429 | 131_048 | 131_056 | 133_016 => StatusCode::TOO_MANY_REQUESTS,
            10 | 200..=299 | 368 | 130_497 | 131_005 | 131_031 => StatusCode::FORBIDDEN,
            132_001 => StatusCode::NOT_FOUND,
            3 | 131_000 | 131_016 => StatusCode::INTERNAL_SERVER_ERROR,
            2 | 133_004 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let mut error = json!({
            "message": format!("(#{}) {}", self.code, title(self.code)),
            "type": "OAuthException",
            "code": self.code,
            "error_data": { "messaging_product": "whatsapp", "details": self.details },
            "fbtrace_id": "AsSimulatedByRecado",
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        (self.status(), Json(json!({ "error": error }))).into_response()
    }
}

/// An error as a failed status tells of it.
pub(in super::super) fn told(code: u32) -> Value {
    let title = title(code);
    json!({
        "code": code, "title": title, "message": title, "error_data": { "details": title },
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    })
}

/// What Meta calls a code.
fn title(code: u32) -> &'static str {
    match code {
        0 => "AuthException",
        2 => "API Service",
        3 => "API Method",
        4 => "Application request limit reached",
        10 => "Permission Denied",
        33 => "Parameter value is not valid",
        100 => "Invalid parameter",
        190 => "Access token has expired",
        200..=299 => "API Permission",
        368 => "Temporarily blocked for policies violations",
        80_007 => "Rate limit issues",
        130_429 => "Rate limit hit",
        130_472 => "User's number is part of an experiment",
        130_497 => "Business account is restricted from messaging users in this country",
        131_000 => "Something went wrong",
        131_005 => "Access denied",
        131_008 => "Required parameter is missing",
        131_009 => "Parameter value is not valid",
        131_016 => "Service unavailable",
        131_021 => "Recipient cannot be sender",
        131_026 => "Message undeliverable",
        131_030 => "Recipient phone number not in allowed list",
        131_031 => "Account has been locked",
        131_042 => "Business eligibility payment issue",
        131_047 => "Re-engagement message",
        131_048 => "Spam rate limit hit",
        131_049 => "This message was not delivered to maintain healthy ecosystem engagement",
        131_050 => "User has stopped marketing messages",
        131_051 => "Unsupported message type",
        131_052 => "Media download error",
        131_053 => "Media upload error",
        131_056 => "(Business Account, Consumer Account) pair rate limit hit",
        132_000 => "Template Param Count Mismatch",
        132_001 => "Template does not exist",
        132_015 => "Template is Paused",
        132_016 => "Template is Disabled",
        133_004 => "Server Temporarily Unavailable",
        133_016 => "Account register deregister rate limit exceeded",
        135_000 => "Generic user error",
        _ => "API Unknown",
    }
}
