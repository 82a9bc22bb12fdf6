//! The columns of the board.

use entity::{ConversationId, StageId, TenantScoped as _, Time, conversation, stage};
use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::conversation::below;
use super::naming::line;
use super::tally::Tallies;
use super::{Actor, Change, ConversationChange, Desk, Error, Event, Result};

/// The most columns that a board has.
const MOST_STAGES: usize = 50;

/// The longest heading, in characters.
const LONGEST_NAME: usize = 60;

/// How many cards of a column that is removed move by one change: others wait no longer than for these.
const CARDS_PER_CHANGE: usize = 500;

/// A column of the board, as events and lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its identifier.
    pub id: StageId,
    /// Its heading.
    pub name: String,
    /// A CSS colour: `#` and six hexadecimal digits.
    pub color: String,
}

impl From<&stage::Model> for Stage {
    fn from(row: &stage::Model) -> Self {
        Self { id: row.id, name: row.name.clone(), color: row.color.clone() }
    }
}

impl Desk {
    /// Returns the columns of the board, from left to right.
    pub async fn stages(&self) -> Result<Vec<Stage>> {
        Ok(self.stage_rows(&self.desks.db.reader).await?.iter().map(Stage::from).collect())
    }

    /// Adds a column at the right end.
    pub async fn add_stage(&self, name: &str, color: &str, by: &Actor) -> Result<Stage> {
        let (name, color) = (heading(name)?, check_color(color)?);
        let change = self.change().await?;
        let rows = change.lock_stages().await?;
        if rows.len() >= MOST_STAGES {
            return Err(Error::Invalid(format!("a board has {MOST_STAGES} columns at most")));
        }
        let row = stage::Model {
            id: StageId::generate(),
            tenant_id: self.tenant.clone(),
            name,
            color,
            position: rows.last().map_or(0, |last| last.position + 1),
            created_at: Time::now(),
        };
        let added = Stage::from(&row);
        stage::Entity::insert(row.into_active_model()).exec_without_returning(&change.txn).await?;
        change.note(by, "stage.added", &subject(added.id), json!({ "name": added.name })).await?;
        change.commit_stages([]).await?;
        Ok(added)
    }

    /// Renames or recolours a column.
    pub async fn change_stage(
        &self,
        id: StageId,
        name: Option<&str>,
        color: Option<&str>,
        by: &Actor,
    ) -> Result<Stage> {
        let (name, color) = (name.map(heading).transpose()?, color.map(check_color).transpose()?);
        let change = self.change().await?;
        let mut row = change.lock_stage(id).await?;
        row.name = name.unwrap_or(row.name);
        row.color = color.unwrap_or(row.color);
        let changed = Stage::from(&row);
        stage::Entity::update(row.into_active_model().reset_all()).exec(&change.txn).await?;
        let details = json!({ "name": changed.name, "color": changed.color });
        change.note(by, "stage.changed", &subject(id), details).await?;
        change.commit_stages([]).await?;
        Ok(changed)
    }

    /// Puts the columns in another order: all of them, from left to right.
    pub async fn order_stages(&self, order: &[StageId], by: &Actor) -> Result<Vec<Stage>> {
        let change = self.change().await?;
        let mut known: Vec<_> = change.lock_stages().await?.iter().map(|row| row.id).collect();
        let mut named = order.to_vec();
        known.sort();
        named.sort();
        if known != named {
            return Err(Error::Invalid("the order must name every stage once".to_owned()));
        }
        for (id, position) in order.iter().zip(0_i32..) {
            stage::Entity::update_many()
                .col_expr(stage::Column::Position, Expr::value(position))
                .filter(stage::Column::TenantId.eq(self.tenant.clone()))
                .filter(stage::Column::Id.eq(*id))
                .exec(&change.txn)
                .await?;
        }
        change.note(by, "stage.ordered", "board:", json!({ "order": order })).await?;
        change.commit_stages([]).await?;
        self.stages().await
    }

    /// Removes a column; its cards move to the end of another one, in their order, and what comes in
    /// meanwhile after them.
    ///
    /// They move some at a time. Whoever is interrupted has moved some of them, and the column is there
    /// still: removing it once more moves the others.
    pub async fn remove_stage(&self, id: StageId, to: StageId, by: &Actor) -> Result<()> {
        if id == to {
            return Err(Error::Invalid("the cards must move to another stage".to_owned()));
        }
        // Those of now: others may come for as long as the column is there.
        let cards = self.cards_in(id, &self.desks.db.reader).await?;
        let mut count = 0;
        for some in cards.chunks(CARDS_PER_CHANGE) {
            count += self.move_some(some, id, to).await?;
        }
        let change = self.change().await?;
        check_known(&change.lock_stages().await?, [id, to])?;
        let late = self.cards_in(id, &change.txn).await?;
        let moved = change.move_cards(&late, id, to).await?;
        stage::Entity::delete_many()
            .filter(stage::Column::TenantId.eq(self.tenant.clone()))
            .filter(stage::Column::Id.eq(id))
            .exec(&change.txn)
            .await?;
        let details = json!({ "to": to, "cards": count + moved.len() });
        change.note(by, "stage.removed", &subject(id), details).await?;
        change.commit_stages(moved).await
    }

    /// Moves cards of a column to the end of another one, by a change of its own; returns how many.
    async fn move_some(
        &self,
        cards: &[ConversationId],
        from: StageId,
        to: StageId,
    ) -> Result<usize> {
        let change = self.change().await?;
        change.lock_both([from, to]).await?;
        let moved = change.move_cards(cards, from, to).await?;
        let count = moved.len();
        let mut moved = moved.into_iter();
        if let Some(first) = moved.next() {
            change.commit(first, moved).await?;
        }
        Ok(count)
    }

    /// Returns the cards of a column from the top.
    async fn cards_in(
        &self,
        stage: StageId,
        reader: &impl ConnectionTrait,
    ) -> Result<Vec<ConversationId>> {
        let cards = self
            .in_column(stage)
            .select_only()
            .column(conversation::Column::Id)
            .order_by_asc(conversation::Column::Position)
            .order_by_asc(conversation::Column::Id);
        Ok(cards.into_tuple().all(reader).await?)
    }

    fn in_column(&self, stage: StageId) -> Select<conversation::Entity> {
        conversation::Entity::of_tenant(&self.tenant)
            .filter(conversation::Column::StageId.eq(stage))
    }

    async fn stage_rows(&self, reader: &impl ConnectionTrait) -> Result<Vec<stage::Model>> {
        let rows = stage::Entity::of_tenant(&self.tenant)
            .order_by_asc(stage::Column::Position)
            .order_by_asc(stage::Column::Id)
            .all(reader)
            .await?;
        Ok(rows)
    }
}

impl Change {
    /// Returns a column, locked until the commit: whoever places cards in it takes turns, and whoever
    /// opens conversations there does not wait.
    pub(super) async fn lock_stage(&self, id: StageId) -> Result<stage::Model> {
        stage::Entity::of_tenant(&self.desk.tenant)
            .filter(stage::Column::Id.eq(id))
            .lock(LockType::NoKeyUpdate)
            .one(&self.txn)
            .await?
            .ok_or(Error::NoStage(id))
    }

    /// As [`lock_stage`](Self::lock_stage), of two columns.
    async fn lock_both(&self, stages: [StageId; 2]) -> Result<()> {
        let rows = stage::Entity::of_tenant(&self.desk.tenant)
            .filter(stage::Column::Id.is_in(stages))
            .order_by_asc(stage::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .all(&self.txn)
            .await?;
        check_known(&rows, stages)
    }

    /// Returns all columns from left to right, locked until the commit also for whoever opens
    /// conversations there.
    async fn lock_stages(&self) -> Result<Vec<stage::Model>> {
        let mut rows = stage::Entity::of_tenant(&self.desk.tenant)
            .order_by_asc(stage::Column::Id)
            .lock_exclusive()
            .all(&self.txn)
            .await?;
        rows.sort_by_key(|row| (row.position, row.id));
        Ok(rows)
    }

    /// Moves those of some cards that are still in a column to the end of another one, in the order in
    /// which they are now; returns what tells of it. Nobody else places cards there meanwhile.
    async fn move_cards(
        &self,
        cards: &[ConversationId],
        from: StageId,
        to: StageId,
    ) -> Result<Vec<Event>> {
        let (mut moved, mut tallies) = (Vec::with_capacity(cards.len()), Tallies::default());
        for some in cards.chunks(CARDS_PER_CHANGE) {
            // Locked in the order of their ids, as everywhere.
            let mut cards = self
                .desk
                .in_column(from)
                .filter(conversation::Column::Id.is_in(some.iter().copied()))
                .order_by_asc(conversation::Column::Id)
                .lock_exclusive()
                .all(&self.txn)
                .await?;
            cards.sort_by(|a, b| (&a.position, a.id).cmp(&(&b.position, b.id)));
            let people = cards.iter().map(|card| card.contact_id);
            let contacts = self.desk.contacts(&self.txn, people).await?;
            let last = self.desk.in_column(to).order_by_desc(conversation::Column::Position);
            let last = last.one(&self.txn).await?.map(|last| last.position);
            let mut rows = Vec::with_capacity(cards.len());
            for (before, position) in cards.iter().zip(below(last.as_deref(), cards.len())) {
                let after = conversation::Model { stage_id: to, position, ..before.clone() };
                let contact = contacts.get(before.contact_id);
                let contact = contact.ok_or(Error::NoConversation(before.id))?;
                let told = ConversationChange::between(before, &after, contact);
                moved.push(Event::ConversationChanged(Box::new(told)));
                tallies.count(Some(before), Some(&after));
                rows.push(after.into_active_model());
            }
            // All are there, and one statement changes them.
            let columns = [conversation::Column::StageId, conversation::Column::Position];
            let known =
                OnConflict::column(conversation::Column::Id).update_columns(columns).to_owned();
            let placed = conversation::Entity::insert_many(rows).on_conflict(known);
            placed.exec_without_returning(&self.txn).await?;
        }
        tallies.store(&self.txn).await?;
        Ok(moved)
    }

    /// Commits, telling how the board's columns are now.
    async fn commit_stages(self, more: impl IntoIterator<Item = Event>) -> Result<()> {
        let rows = self.desk.stage_rows(&self.txn).await?;
        let stages = rows.iter().map(Stage::from).collect();
        self.commit(Event::StagesChanged(stages), more).await
    }
}

fn check_known(rows: &[stage::Model], wanted: [StageId; 2]) -> Result<()> {
    match wanted.into_iter().find(|id| rows.iter().all(|row| row.id != *id)) {
        Some(missing) => Err(Error::NoStage(missing)),
        None => Ok(()),
    }
}

fn subject(id: StageId) -> String {
    format!("stage:{id}")
}

fn heading(name: &str) -> Result<String> {
    let name = line("a name", name, LONGEST_NAME)?;
    if name.is_empty() {
        return Err(Error::Invalid("a stage needs a name".to_owned()));
    }
    Ok(name)
}

fn check_color(color: &str) -> Result<String> {
    let digits = color.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(color.to_lowercase());
    }
    Err(Error::Invalid("a colour is # and six hexadecimal digits".to_owned()))
}
