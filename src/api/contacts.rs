//! People on the far side.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Limit, Path, Query, told};
use super::{ApiError, ApiState};
use crate::auth::{Auth, Caller};
use crate::desk::{self, Channel, ContactEdit, ContactId};
use crate::wire::{Contact, Conversation};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, edit))
        .routes(routes!(block))
        .routes(routes!(unblock))
        .routes(routes!(merge))
        .routes(routes!(unmerge))
}

/// Which contacts to list.
#[derive(Deserialize, IntoParams)]
pub(super) struct Narrowed {
    /// Words of their name, or the beginning or end of their number.
    q: Option<String>,
    /// `nextCursor` of the page before.
    #[param(value_type = Option<uuid::Uuid>)]
    cursor: Option<ContactId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
}

/// A page of contacts; whoever was met last is first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contacts {
    contacts: Vec<Contact>,
    /// Where the next page begins; null after the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    next_cursor: Option<ContactId>,
}

/// Everything about a contact.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContactDetails {
    #[serde(flatten)]
    contact: Contact,
    /// Whether an agent chose the name.
    is_named_by_agent: bool,
    /// What agents noted about them.
    notes: String,
    created_at: String,
    /// Where they are reached.
    addresses: Vec<ContactAddress>,
    /// Those who turned out to be them.
    merged: Vec<MergedContact>,
    /// Conversations with them that the caller may see, the latest message first.
    conversations: Vec<Conversation>,
}

/// An address, in the form in which addresses are compared.
#[derive(Serialize, ToSchema)]
struct ContactAddress {
    #[schema(value_type = String)]
    channel: Channel,
    address: String,
}

/// Somebody who turned out to be somebody else.
#[derive(Serialize, ToSchema)]
struct MergedContact {
    #[serde(flatten)]
    contact: Contact,
    /// Into whom they were merged: the person, or another one who was.
    #[schema(value_type = uuid::Uuid)]
    into: ContactId,
}

/// What is to be another about a contact; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactChanges {
    /// What they are called; null for what they call themselves when they next write.
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>, max_length = 100)]
    name: Option<Option<String>>,
    /// Where else they are reached; null for nowhere.
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Option<String>>,
    /// What agents note about them.
    #[schema(max_length = 10_000)]
    notes: Option<String>,
}

/// Who it is in truth.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeInto {
    /// The contact who is the same person, and who is shown from now on.
    #[schema(value_type = uuid::Uuid)]
    into: ContactId,
}

/// Contacts with whom there is a conversation that the caller may see, page by page.
#[utoipa::path(get, path = "/api/contacts", tag = "contacts", params(Narrowed),
    responses((status = 200, body = Contacts), ApiError))]
pub(super) async fn list(
    caller: Caller,
    Query(Narrowed { q, cursor, limit: Limit(limit) }): Query<Narrowed>,
) -> Result<Json<Contacts>, ApiError> {
    let listed = caller.desk.list_contacts(q.as_deref(), cursor, limit, &caller.sees).await?;
    let next_cursor = listed.contacts.last().filter(|_| listed.has_more).map(|last| last.id);
    let contacts = listed.contacts.into_iter().map(Contact::from).collect();
    Ok(Json(Contacts { contacts, next_cursor }))
}

/// Everything about the person behind an identifier.
#[utoipa::path(get, path = "/api/contacts/{id}", tag = "contacts",
    params(("id" = uuid::Uuid, Path)), responses((status = 200, body = ContactDetails), ApiError))]
pub(super) async fn show(
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Result<Json<ContactDetails>, ApiError> {
    Ok(Json(caller.desk.contact(id, &caller.sees).await?.into()))
}

/// Names a contact, or changes where else they are reached and what is noted about them.
#[utoipa::path(patch, path = "/api/contacts/{id}", tag = "contacts",
    params(("id" = uuid::Uuid, Path)), request_body = ContactChanges,
    responses((status = 200, body = ContactDetails), ApiError))]
pub(super) async fn edit(
    caller: Caller,
    Path(id): Path<ContactId>,
    Json(ContactChanges { name, email, notes }): Json<ContactChanges>,
) -> Result<Json<ContactDetails>, ApiError> {
    let edit = ContactEdit { name, email, notes };
    Ok(Json(caller.desk.edit_contact(id, edit, &caller.actor(), &caller.sees).await?.into()))
}

/// Lets nobody be alerted any more to what a contact writes. It is still stored.
#[utoipa::path(post, path = "/api/contacts/{id}/block", tag = "contacts",
    params(("id" = uuid::Uuid, Path)), responses((status = 200, body = ContactDetails), ApiError))]
pub(super) async fn block(
    caller: Caller,
    State(auth): State<Auth>,
    Path(id): Path<ContactId>,
) -> Result<Json<ContactDetails>, ApiError> {
    let contact = caller.desk.block_contact(id, true, &caller.actor(), &caller.sees).await?;
    auth.forget_visitors();
    Ok(Json(contact.into()))
}

/// Lets agents be alerted again to what a contact writes.
#[utoipa::path(post, path = "/api/contacts/{id}/unblock", tag = "contacts",
    params(("id" = uuid::Uuid, Path)), responses((status = 200, body = ContactDetails), ApiError))]
pub(super) async fn unblock(
    caller: Caller,
    State(auth): State<Auth>,
    Path(id): Path<ContactId>,
) -> Result<Json<ContactDetails>, ApiError> {
    let contact = caller.desk.block_contact(id, false, &caller.actor(), &caller.sees).await?;
    auth.forget_visitors();
    Ok(Json(contact.into()))
}

/// Notes that a contact is the same person as another one, who is shown in their place from now on.
/// Addresses and conversations stay where they are.
#[utoipa::path(post, path = "/api/contacts/{id}/merge", tag = "contacts",
    params(("id" = uuid::Uuid, Path)), request_body = MergeInto,
    responses((status = 200, body = ContactDetails), ApiError))]
pub(super) async fn merge(
    caller: Caller,
    Path(id): Path<ContactId>,
    Json(MergeInto { into }): Json<MergeInto>,
) -> Result<Json<ContactDetails>, ApiError> {
    Ok(Json(caller.desk.merge_contact(id, into, &caller.actor(), &caller.sees).await?.into()))
}

/// Notes that a contact is not the person into whom they were merged.
#[utoipa::path(post, path = "/api/contacts/{id}/unmerge", tag = "contacts",
    params(("id" = uuid::Uuid, Path)), responses((status = 200, body = ContactDetails), ApiError))]
pub(super) async fn unmerge(
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Result<Json<ContactDetails>, ApiError> {
    Ok(Json(caller.desk.unmerge_contact(id, &caller.actor(), &caller.sees).await?.into()))
}

impl From<desk::ContactDetails> for ContactDetails {
    fn from(details: desk::ContactDetails) -> Self {
        let addresses = details.addresses.into_iter();
        let addresses = addresses.map(|(channel, address)| ContactAddress { channel, address });
        let merged = details.merged.into_iter();
        let merged = merged.map(|it| MergedContact { contact: it.contact.into(), into: it.into });
        Self {
            contact: details.contact.into(),
            is_named_by_agent: details.is_named_by_agent,
            notes: details.notes,
            created_at: details.created_at.to_string(),
            addresses: addresses.collect(),
            merged: merged.collect(),
            conversations: details.conversations.into_iter().map(Conversation::from).collect(),
        }
    }
}
