//! What a visitor does beside writing: looks at pages, ends the chat, and says how they found it.

use entity::{Time, chat_session};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};

use super::super::conversation::set_status;
use super::super::message::json;
use super::super::{ConversationStatus, Error, Event, Result, Sees};
use super::{Chat, ChatSession};

/// The best rating, and the longest comment, in characters.
const BEST: i32 = 5;
const LONGEST_COMMENT: usize = 2_000;

/// The longest address and title of a page, in characters.
const LONGEST_URL: usize = 2_000;
const LONGEST_TITLE: usize = 300;

/// The page of a site that a visitor looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The page that led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}

impl Chat {
    /// Notes the page that the visitor looks at.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is none.
    pub async fn looks_at(&self, page: &Page) -> Result<()> {
        page.check()?;
        chat_session::Entity::update_many()
            .col_expr(chat_session::Column::Page, Expr::value(json(page)))
            .filter(chat_session::Column::Id.eq(self.id()))
            .exec(&self.desk.desks.db.writer)
            .await?;
        Ok(())
    }

    /// Ends it: the conversation is resolved. Tells nobody if it is, or if nothing was said.
    pub async fn end(&self) -> Result<ChatSession> {
        self.resolve().await?;
        self.session().await
    }

    async fn resolve(&self) -> Result<()> {
        let change = self.desk.change().await?;
        let now = Time::now();
        if self.talk(&change.txn).await?.is_some() {
            let before = change.conversation(self.conversation(), &Sees::everything()).await?;
            if before.status != ConversationStatus::Resolved {
                chat_session::Entity::update_many()
                    .col_expr(chat_session::Column::EndedAt, Expr::value(now))
                    .filter(chat_session::Column::Id.eq(self.id()))
                    .exec(&change.txn)
                    .await?;
                let mut after = before.clone();
                let reached =
                    set_status(&mut after, ConversationStatus::Resolved, None, now).reached;
                let contact = change.contact_of(&before).await?;
                let told = change.turn(&before, &after, contact).await?;
                change.reach(&after, None, reached, now).await?;
                change.commit(Event::ConversationChanged(Box::new(told)), []).await?;
            }
        }
        Ok(())
    }

    /// Notes how the visitor found it; answers with the moment if they have said so before.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the score is none, the comment too long, or nothing was said.
    pub async fn rate(&self, score: i32, comment: Option<&str>) -> Result<Option<Time>> {
        if !(1..=BEST).contains(&score) {
            return Err(Error::Invalid(format!("the score is from 1 to {BEST}")));
        }
        if comment.is_some_and(|comment| comment.chars().count() > LONGEST_COMMENT) {
            let why = format!("the comment is longer than {LONGEST_COMMENT} characters");
            return Err(Error::Invalid(why));
        }
        if self.talk(&self.desk.desks.db.reader).await?.is_none() {
            return Err(Error::Invalid("nothing was said that could be rated".to_owned()));
        }
        let (now, before) = (Time::now(), self.stored().await?.rated_at);
        chat_session::Entity::update_many()
            .col_expr(chat_session::Column::Rating, Expr::value(score))
            .col_expr(chat_session::Column::RatingComment, Expr::value(comment))
            .col_expr(chat_session::Column::RatedAt, Expr::value(now))
            .filter(chat_session::Column::Id.eq(self.id()))
            .exec(&self.desk.desks.db.writer)
            .await?;
        Ok(before.map(|_| now))
    }
}

impl Page {
    /// # Errors
    /// [`Error::Invalid`] when it is no page of a site.
    pub fn check(&self) -> Result<()> {
        let is_short = |text: &Option<String>, longest| {
            text.as_ref().is_none_or(|text| text.chars().count() <= longest)
        };
        let is_web = ["https://", "http://"].iter().any(|scheme| self.url.starts_with(scheme));
        if !is_web || self.url.chars().count() > LONGEST_URL {
            let why = format!("url is an address of the web, of at most {LONGEST_URL} characters");
            return Err(Error::Invalid(why));
        }
        if is_short(&self.title, LONGEST_TITLE) && is_short(&self.referrer, LONGEST_URL) {
            Ok(())
        } else {
            Err(Error::Invalid("the title or the referrer is too long".to_owned()))
        }
    }
}
