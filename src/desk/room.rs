//! Who has which conversation on their screen.

use entity::{ConversationId, TenantScoped as _, Time, conversation, room};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _,
};

use super::{Desk, Result, Sees};

/// The most rooms that a connection comes back to.
const MOST_ROOMS: u64 = 100;

impl Desk {
    /// Notes that a connection has joined the room of a conversation that its user may see.
    pub async fn join_room(&self, pid: &str, id: ConversationId, sees: &Sees) -> Result<()> {
        self.conversation(id, sees).await?;
        let row = room::Model {
            pid: pid.to_owned(),
            conversation_id: id,
            tenant_id: self.tenant.clone(),
            joined_at: Time::now(),
        };
        room::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing_on([room::Column::Pid, room::Column::ConversationId])
            .exec_without_returning(&self.desks.db.writer)
            .await?;
        Ok(())
    }

    /// Notes that a connection has left a conversation's room.
    pub async fn leave_room(&self, pid: &str, id: ConversationId) -> Result<()> {
        room::Entity::delete_many()
            .filter(room::Column::TenantId.eq(self.tenant.clone()))
            .filter(room::Column::Pid.eq(pid))
            .filter(room::Column::ConversationId.eq(id))
            .exec(&self.desks.db.writer)
            .await?;
        Ok(())
    }

    /// Returns the conversations whose rooms a connection had joined, and whose user may see them
    /// still.
    pub async fn rooms_of(&self, pid: &str, sees: &Sees) -> Result<Vec<ConversationId>> {
        let rooms: Vec<ConversationId> = room::Entity::of_tenant(&self.tenant)
            .select_only()
            .column(room::Column::ConversationId)
            .filter(room::Column::Pid.eq(pid))
            .limit(MOST_ROOMS)
            .into_tuple()
            .all(&self.desks.db.reader)
            .await?;
        if rooms.is_empty() {
            return Ok(rooms);
        }
        let visible = self.visible(sees).filter(conversation::Column::Id.is_in(rooms));
        let visible = visible.select_only().column(conversation::Column::Id);
        Ok(visible.into_tuple().all(&self.desks.db.reader).await?)
    }
}
