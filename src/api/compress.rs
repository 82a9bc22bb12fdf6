//! Answers in fewer bytes, for those who take them so.

use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate as _, SizeAbove};

/// The smallest answer that is compressed, in bytes: what is shorter is one packet on the wire as it is.
const SMALLEST: u64 = 1_024;

/// Tells by an answer's head whether it is to be compressed.
type Judge = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Compresses JSON, for clients whose `Accept-Encoding` names gzip.
///
/// Nothing else is: streams, whose events would wait in the compressor; files, of which parts may be asked
/// for; the client's pages, which lie compressed.
pub fn compress() -> CompressionLayer<And<SizeAbove, Judge>> {
    let is_json: Judge = |_, _, head, _| is_json(head);
    let layer = CompressionLayer::new().quality(CompressionLevel::Fastest);
    layer.compress_when(SizeAbove::new(SMALLEST).and(is_json))
}

fn is_json(head: &HeaderMap) -> bool {
    let kind = head.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    matches!(kind, "application/json" | "application/problem+json")
}
