//! The board: every column with its first cards.

use std::collections::HashMap;

use entity::{StageId, TenantScoped as _, conversation, stage};
use sea_orm::sea_query::{Alias, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, FromQueryResult as _, Iterable as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
};

use super::{Conversation, Desk, Result, Sees};

/// How many cards a column shows at first.
const FIRST_CARDS: u64 = 50;

/// The board: a snapshot, and where in the log to go on from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// Read before the rows: following the log from here may repeat a change, but loses none.
    pub seq: i64,
    /// From left to right.
    pub columns: Vec<Column>,
}

/// A column of the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its stage.
    pub id: StageId,
    /// Its heading.
    pub name: String,
    /// A CSS colour.
    pub color: String,
    /// How many conversations are in it.
    pub total: u64,
    /// How many of them hold something unread.
    pub unread: u64,
    /// The first of them, from the top.
    pub conversations: Vec<Conversation>,
}

impl Desk {
    /// Returns the board as the caller may see it.
    pub async fn board(&self, sees: &Sees) -> Result<Board> {
        // The database, not this node's tail: what it has committed is what the rows show.
        let seq = self.row().await?.ok_or_else(|| self.missing())?.last_seq;
        let stages = stage::Entity::of_tenant(&self.tenant)
            .order_by_asc(stage::Column::Position)
            .order_by_asc(stage::Column::Id)
            .all(&self.desks.db.reader)
            .await?;
        let mut counts = HashMap::<StageId, (i64, i64)>::new();
        for row in self.tallies(sees).await? {
            let (total, unread) = counts.entry(row.stage_id).or_default();
            *total += row.total;
            *unread += if row.is_unread { row.total } else { 0 };
        }
        let first = self.first_cards(stages.iter().map(|stage| stage.id), sees).await?;
        let mut cards = HashMap::<StageId, Vec<Conversation>>::new();
        for card in first {
            cards.entry(card.stage_id).or_default().push(card);
        }
        let columns = stages.into_iter().map(|stage| {
            let (total, unread) = counts.remove(&stage.id).unwrap_or_default();
            let conversations = cards.remove(&stage.id).unwrap_or_default();
            let count = |kept| u64::try_from(kept).unwrap_or_default();
            let stage::Model { id, name, color, .. } = stage;
            Column { id, name, color, total: count(total), unread: count(unread), conversations }
        });
        Ok(Board { seq, columns: columns.collect() })
    }

    /// Returns the first cards of every column, column by column, with one query: each part of it
    /// ends after so many rows of an index, however many there are.
    async fn first_cards(
        &self,
        stages: impl Iterator<Item = StageId>,
        sees: &Sees,
    ) -> Result<Vec<Conversation>> {
        let mut columns = stages.map(|stage| self.column(stage, sees));
        let Some(mut all) = columns.next() else { return Ok(Vec::new()) };
        for column in columns {
            all.union(UnionType::All, column);
        }
        let reader = &self.desks.db.reader;
        let rows = reader.query_all(&all).await?;
        let rows = rows.iter().map(|row| conversation::Model::from_query_result(row, ""));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        rows.sort_by(|a, b| (a.stage_id, &a.position, a.id).cmp(&(b.stage_id, &b.position, b.id)));
        self.show(reader, rows).await
    }

    fn column(&self, stage: StageId, sees: &Sees) -> SelectStatement {
        let cards = self
            .visible(sees)
            .filter(conversation::Column::StageId.eq(stage))
            .order_by_asc(conversation::Column::Position)
            .order_by_asc(conversation::Column::Id)
            .limit(FIRST_CARDS)
            .into_query();
        // A select with a limit joins a union only from within another.
        let mut column = Query::select();
        column.from_subquery(cards, Alias::new("card"));
        for name in conversation::Column::iter() {
            column.column(name);
        }
        column
    }
}
