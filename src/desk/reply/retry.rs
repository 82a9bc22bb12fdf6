//! Sending once more what was not sent, or perhaps not.

use entity::delivery::Kind;
use entity::{MessageId, Time, message};
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, IntoActiveModel as _};
use serde_json::json;

use super::super::{Actor, Desk, Error, Event, Message, Result, Sees, Status};
use super::check_window;

impl Desk {
    /// Makes a message due once more that has failed, the one step back that a status may take.
    ///
    /// With `force` also one of which nobody knows whether it was sent: the customer may then get it
    /// twice, which is for an agent to decide.
    ///
    /// # Errors
    /// [`Error::OutcomeUnknown`] when that needs `force`.
    pub async fn retry(
        &self,
        id: MessageId,
        force: bool,
        by: &Actor,
        sees: &Sees,
    ) -> Result<Message> {
        let change = self.change().await?;
        let row = change.message(id).await?.filter(|row| sees.inbox(row.inbox_id));
        let mut row = row.ok_or(Error::NoMessage(id))?;
        match row.status {
            _ if row.delivery_id.is_none() => return Err(invalid("it was not sent from here")),
            Status::Failed => {}
            Status::Unknown if force => {}
            Status::Unknown => return Err(Error::OutcomeUnknown(id)),
            _ => return Err(invalid("it has not failed")),
        }
        let conversation = change.conversation(row.conversation_id, sees).await?;
        let contact = change.contact_of(&conversation).await?;
        let shown = Message::show(&row, contact.clone());
        if shown.metadata.get("kind") != Some(&json!("template")) {
            let channel = change.open_inbox(&conversation).await?.channel;
            check_window(&conversation, channel, Time::now())?;
        }
        row.delivery_id = Some(change.make_due(&conversation, id, Kind::Message).await?);
        // What the channel says from now on of the earlier attempt is old, unless it has arrived.
        (row.status, row.error, row.provider_id) = (Status::Pending, None, None);
        let shown = Message::show(&row, contact);
        message::Entity::update(row.into_active_model().reset_all()).exec(&change.txn).await?;
        let details = json!({ "force": force });
        change.note(by, "message.retried", &format!("message:{id}"), details).await?;
        change.commit(Event::MessageChanged(Box::new(shown.clone())), []).await?;
        self.desks.wake_courier();
        Ok(shown)
    }
}

fn invalid(why: &str) -> Error {
    Error::Invalid(why.to_owned())
}
