//! Lists of conversations.

use std::fmt;
use std::str::FromStr;

use entity::{
    ConversationId, InboxId, StageId, TenantScoped as _, Time, UserId, conversation,
    conversation_label,
};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, QueryFilter, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};

use super::super::{Desk, Result, Sees};
use super::Conversation;

/// Which conversations to list; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Whether somebody has to do something.
    pub status: Option<conversation::Status>,
    /// The column of the board.
    pub stage: Option<StageId>,
    /// Who looks after them; `Some(None)` for nobody.
    pub assignee: Option<Option<UserId>>,
    /// Where they take place.
    pub inbox: Option<InboxId>,
    /// What they are labelled with.
    pub label: Option<String>,
    /// Whether they hold something unread.
    pub unread: bool,
    /// What the contact is called, or at what number they are reached.
    pub words: Option<String>,
    /// In which order.
    pub order: Order,
    /// The last one of the page before.
    pub after: Option<Cursor>,
}

/// In which order conversations are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The latest message first.
    #[default]
    Activity,
    /// Whoever has waited longest first; only those who wait.
    Waiting,
}

/// How many of the newest conversations are looked through for those with a label or a name, before all
/// that have it are put in order: what is common has filled a page by then, and what is not is little.
const LOOKED_THROUGH: u64 = 2_000;

/// How conversations with a label, or a name, are found.
#[derive(Clone, Copy)]
enum Finding {
    /// All that have it are gathered.
    Gathered,
    /// Those that are in question otherwise are looked at, one after the other.
    OneByOne,
}

impl Finding {
    /// A condition on what was gathered, as it has to stand for that: what is part of something else,
    /// neither database begins with.
    fn by(self, condition: Expr) -> Expr {
        match self {
            Self::Gathered => condition,
            Self::OneByOne => condition.is(Expr::Constant(true.into())),
        }
    }
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    at: Time,
    id: ConversationId,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// In the order that was asked for.
    pub conversations: Vec<Conversation>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.at.0, self.id)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('_').ok_or(())?;
        Ok(Self { at: Time(at.parse().map_err(|_| ())?), id: id.parse().map_err(|_| ())? })
    }
}

impl Desk {
    /// Lists up to `limit` conversations that the caller may see.
    pub async fn list(&self, wanted: Wanted, limit: u64, sees: &Sees) -> Result<Listed> {
        let mut rows = match self.since(&wanted).await? {
            Some(since) => {
                let newest = self.narrow(&wanted, sees, Finding::OneByOne);
                let newest = newest.filter(conversation::Column::LastMessageAt.gte(since));
                self.page(newest, &wanted, limit).await?
            }
            None => Vec::new(),
        };
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        if rows.len() <= most {
            let all = self.narrow(&wanted, sees, Finding::Gathered);
            rows = self.page(all, &wanted, limit).await?;
        }
        let has_more = rows.len() > most;
        rows.truncate(most);
        let last = rows.last().filter(|_| has_more).map(|row| Cursor {
            at: match wanted.order {
                Order::Activity => row.last_message_at.unwrap_or(row.created_at),
                Order::Waiting => row.waiting_since.unwrap_or(row.created_at),
            },
            id: row.id,
        });
        Ok(Listed { conversations: self.show(&self.desks.db.reader, rows).await?, next: last })
    }

    /// Since when conversations are to be looked through one by one, if they are.
    async fn since(&self, wanted: &Wanted) -> Result<Option<Time>> {
        let is_search = wanted.label.is_some() || wanted.words.is_some();
        if !is_search || wanted.order != Order::Activity {
            return Ok(None);
        }
        let all = conversation::Entity::of_tenant(&self.tenant)
            .select_only()
            .column(conversation::Column::LastMessageAt);
        let place = in_order(all, wanted).offset(LOOKED_THROUGH).limit(1);
        Ok(place.into_tuple::<Option<Time>>().one(&self.desks.db.reader).await?.flatten())
    }

    /// Reads one more than a page.
    async fn page(
        &self,
        rows: Select<conversation::Entity>,
        wanted: &Wanted,
        limit: u64,
    ) -> Result<Vec<conversation::Model>> {
        Ok(in_order(rows, wanted).limit(limit + 1).all(&self.desks.db.reader).await?)
    }

    fn narrow(
        &self,
        wanted: &Wanted,
        sees: &Sees,
        finding: Finding,
    ) -> Select<conversation::Entity> {
        use conversation::Column;
        let mut rows = self.visible(sees);
        rows = rows.apply_if(wanted.status, |rows, it| rows.filter(Column::Status.eq(it)));
        rows = rows.apply_if(wanted.stage, |rows, it| rows.filter(Column::StageId.eq(it)));
        rows = rows.apply_if(wanted.inbox, |rows, it| rows.filter(Column::InboxId.eq(it)));
        rows = rows.apply_if(wanted.assignee.clone(), |rows, it| match it {
            Some(user) => rows.filter(Column::AssigneeId.eq(user)),
            None => rows.filter(Column::AssigneeId.is_null()),
        });
        if wanted.unread {
            // As it stands: a database knows by it that the index for this has all of them.
            rows = rows.filter(Expr::cust("unread_count > 0"));
        }
        if let Some(label) = &wanted.label {
            use conversation_label::Column as Labelled;
            let labels = conversation_label::Entity::of_tenant(&self.tenant).select_only();
            rows = rows.filter(match finding {
                Finding::Gathered => {
                    let labelled = labels.filter(Labelled::Label.eq(label));
                    Column::Id.in_subquery(labelled.column(Labelled::ConversationId).into_query())
                }
                Finding::OneByOne => {
                    let same = Expr::cust("conversation_label.conversation_id = conversation.id");
                    let theirs = labels.filter(same).column(Labelled::Label);
                    Expr::value(label).in_subquery(theirs.into_query())
                }
            });
        }
        let words = wanted.words.as_deref();
        let called = words.and_then(|words| self.with_somebody_called(words));
        rows.apply_if(called.map(|called| finding.by(called)), QueryFilter::filter)
    }
}

/// Puts conversations in order, from the end of the page before.
fn in_order(rows: Select<conversation::Entity>, wanted: &Wanted) -> Select<conversation::Entity> {
    let at = match wanted.order {
        Order::Activity => conversation::Column::LastMessageAt,
        Order::Waiting => conversation::Column::WaitingSince,
    };
    let place = [Expr::col(at), Expr::col(conversation::Column::Id)];
    let after = wanted.after.map(|it| Expr::tuple([Expr::value(it.at), Expr::value(it.id)]));
    match wanted.order {
        Order::Activity => {
            let rows = rows.order_by_desc(at).order_by_desc(conversation::Column::Id);
            rows.apply_if(after, |rows, after| rows.filter(Expr::tuple(place).lt(after)))
        }
        Order::Waiting => {
            let rows = rows.filter(at.is_not_null());
            let rows = rows.order_by_asc(at).order_by_asc(conversation::Column::Id);
            rows.apply_if(after, |rows, after| rows.filter(Expr::tuple(place).gt(after)))
        }
    }
}
