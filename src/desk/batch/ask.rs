//! How a batch asks: of all its tenants, and about more names than one question holds.

use sea_orm::{ColumnTrait as _, DbErr, QueryFilter as _, Select};

use super::load::Wanted;

/// How many names a question holds. `SQLite` takes 32,766 values in one, PostgreSQL 65,535; contacts are asked
/// for by each name twice, and the tenants and inboxes that a question is about come to that.
const NAMES: usize = 8_192;

/// Starts a query on the rows of the tenants that a batch is for.
pub(super) fn of_tenants<E: entity::TenantScoped>(wanted: &Wanted) -> Select<E> {
    #[expect(clippy::disallowed_methods, reason = "the one query that is for several tenants")]
    E::find().filter(E::TENANT.is_in(wanted.tenants.iter().cloned()))
}

/// Reads what there is of `names`: by one question, or by as many as they take.
///
/// What is locked is so in its order within each question alone. Two who then wait for each other are told
/// so by the database, and one of them tries again.
pub(super) async fn in_parts<N, M, F>(
    names: Vec<N>,
    ask: impl Fn(Vec<N>) -> F,
) -> Result<Vec<M>, DbErr>
where
    F: Future<Output = Result<Vec<M>, DbErr>>,
{
    let (mut names, mut rows) = (names.into_iter(), Vec::new());
    loop {
        let some: Vec<N> = names.by_ref().take(NAMES).collect();
        if some.is_empty() {
            return Ok(rows);
        }
        rows.extend(ask(some).await?);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::{NAMES, in_parts};

    #[tokio::test]
    async fn each_name_is_asked_for_once_and_no_question_is_about_none() {
        for (count, questions) in [(0, 0), (1, 1), (NAMES, 1), (2 * NAMES + 1, 3)] {
            let asked = Mutex::new(Vec::new());

            let rows = in_parts((0..count).collect(), |some| {
                asked.lock().unwrap().push(some.len());
                async { Ok(some) }
            });
            let rows = rows.await.unwrap();

            assert!(rows.iter().copied().eq(0..count), "{count}");
            let asked = asked.into_inner().unwrap();
            assert_eq!((asked.len(), asked.iter().sum::<usize>()), (questions, count));
        }
    }
}
