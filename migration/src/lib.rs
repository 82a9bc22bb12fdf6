//! The schema, as an ordered list of steps. A step that has been released never changes.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::{MigrationTrait, async_trait};

mod m0001_heart;
mod m0002_rooms;
mod m0003_desk;
mod m0004_search;
mod m0005_chatwoot;
mod m0006_livechat;
mod m0007_push;
mod m0008_weeks;
mod m0009_provider_ids;
mod m0010_words;
mod m0011_schema;
mod m0012_emails;
mod m0013_old;
mod statistics;

/// Runs the steps.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_heart::Migration),
            Box::new(m0002_rooms::Migration),
            Box::new(m0003_desk::Migration),
            Box::new(m0004_search::Migration),
            Box::new(m0005_chatwoot::Migration),
            Box::new(m0006_livechat::Migration),
            Box::new(m0007_push::Migration),
            Box::new(m0008_weeks::Migration),
            Box::new(m0009_provider_ids::Migration),
            Box::new(m0010_words::Migration),
            Box::new(m0011_schema::Migration),
            Box::new(m0012_emails::Migration),
            Box::new(m0013_old::Migration),
        ]
    }
}
