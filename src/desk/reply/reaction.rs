//! Reacting to messages.

use entity::delivery::Kind;
use entity::{ConversationId, MessageId, Time, message};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::super::message::{changes, react};
use super::super::{Desk, Error, Message, Reaction, Result, Sees};
use super::check_window;

impl Desk {
    /// Reacts to a message of a conversation for the business, or takes that back.
    pub async fn react(
        &self,
        to: MessageId,
        of: ConversationId,
        emoji: Option<String>,
        sees: &Sees,
    ) -> Result<Message> {
        let change = self.change().await?;
        let before = change.message(to).await?.filter(|row| row.conversation_id == of);
        let before = before.ok_or(Error::NoMessage(to))?;
        if before.provider_id.is_none() || before.is_private {
            let why = "only a message that the channel knows can be reacted to";
            return Err(Error::Invalid(why.to_owned()));
        }
        let row = change.conversation(of, sees).await?;
        let inbox = change.open_inbox(&row).await?;
        check_window(&row, inbox.channel, Time::now())?;
        let mut after = before.clone();
        let _ = react(&mut after, Reaction { by: inbox.address, at: Time::now(), emoji });
        change.make_due(&row, to, Kind::Reaction).await?;
        message::Entity::update_many()
            .col_expr(message::Column::Reactions, Expr::value(after.reactions.clone()))
            .filter(message::Column::Id.eq(to))
            .exec(&change.txn)
            .await?;
        let contact = change.contact_of(&row).await?;
        let told = changes(&before, &after, contact.clone());
        let shown = Message::show(&after, contact);
        if let Some(event) = told.into_iter().next() {
            change.commit(event, []).await?;
            self.desks.wake_courier();
        }
        Ok(shown)
    }
}
