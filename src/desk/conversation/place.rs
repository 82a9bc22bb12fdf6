//! Places on the board: keys between those of a card's neighbours.

use entity::{ConversationId, StageId, TenantScoped as _, conversation};
use fractional_index::FractionalIndex;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::super::{Change, Result};

/// A place on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The column.
    pub stage: StageId,
    /// Where in it.
    pub spot: Spot,
}

/// A place within a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Above all others.
    Top,
    /// Below all others.
    Bottom,
    /// Just above another card; at the top, should that be somewhere else by now.
    Before(ConversationId),
    /// Just below another card; at the top, should that be somewhere else by now.
    After(ConversationId),
}

impl Change {
    /// Finds the key of a place in a column, whose row is locked: between its neighbours of now, so
    /// that two agents who drag at once both end up with the same board.
    pub(super) async fn place(&self, card: &conversation::Model, place: &Place) -> Result<String> {
        let above = match place.spot {
            Spot::Top => return Ok(top()),
            Spot::Bottom => self.neighbour(card, place.stage, None, Side::Above).await?,
            Spot::After(id) => self.key_of(id, place.stage).await?,
            Spot::Before(id) => match self.key_of(id, place.stage).await? {
                Some(below) => {
                    let above =
                        self.neighbour(card, place.stage, Some(&below), Side::Above).await?;
                    return Ok(between(above.as_deref(), Some(&below)));
                }
                None => return Ok(top()),
            },
        };
        let Some(above) = above else { return Ok(top()) };
        let below = self.neighbour(card, place.stage, Some(&above), Side::Below).await?;
        Ok(between(Some(&above), below.as_deref()))
    }

    async fn key_of(&self, id: ConversationId, stage: StageId) -> Result<Option<String>> {
        let row = conversation::Entity::of_tenant(&self.desk.tenant)
            .filter(conversation::Column::Id.eq(id))
            .filter(conversation::Column::StageId.eq(stage))
            .one(&self.txn)
            .await?;
        Ok(row.map(|row| row.position))
    }

    /// Returns the key of the card next to a place, other than the card that is to go there.
    async fn neighbour(
        &self,
        card: &conversation::Model,
        stage: StageId,
        key: Option<&str>,
        side: Side,
    ) -> Result<Option<String>> {
        let position = conversation::Column::Position;
        let cards = conversation::Entity::of_tenant(&self.desk.tenant)
            .filter(conversation::Column::StageId.eq(stage))
            .filter(conversation::Column::Id.ne(card.id));
        let cards = match (side, key) {
            (Side::Above, Some(key)) => cards.filter(position.lt(key)),
            (Side::Below, Some(key)) => cards.filter(position.gt(key)),
            (_, None) => cards,
        };
        let cards = match side {
            Side::Above => cards.order_by_desc(position),
            Side::Below => cards.order_by_asc(position),
        };
        Ok(cards.limit(1).one(&self.txn).await?.map(|row| row.position))
    }
}

/// On which side of a place to look.
#[derive(Clone, Copy)]
enum Side {
    Above,
    Below,
}

/// A key above all those made before it.
pub(in crate::desk) fn top() -> String {
    // Identifiers grow with time; so their complements, which are keys of a card's place, shrink.
    format!("{:032x}80", !ConversationId::generate().0.as_u128())
}

/// A key between two others; keys that leave no room between them are not made.
fn between(above: Option<&str>, below: Option<&str>) -> String {
    // The library takes bytes that both begin with for room, if they are 0.
    let common = match (above, below) {
        (Some(above), Some(below)) => {
            let same = above.bytes().zip(below.bytes()).take_while(|(a, b)| a == b).count();
            same - same % 2
        }
        _ => 0,
    };
    let begin = above.map_or("", |above| &above[..common]);
    let read = |key: Option<&str>| FractionalIndex::from_string(&key?[common..]).ok();
    let (above, below) = (read(above), read(below));
    FractionalIndex::new(above.as_ref(), below.as_ref())
        .map_or_else(top, |key| format!("{begin}{}", key.to_string()))
}

/// So many keys below another one, and all above it, from the top.
pub(in crate::desk) fn below(key: Option<&str>, count: usize) -> Vec<String> {
    let above = key.map_or_else(top, str::to_owned);
    let mut keys = Vec::with_capacity(count);
    fill(&mut keys, &above, None, count);
    keys
}

/// Makes so many keys between two others, the one in the middle first: each is made of another, and a
/// bit longer, so that one after the other they would grow with their number.
fn fill(keys: &mut Vec<String>, above: &str, below: Option<&str>, count: usize) {
    if count == 0 {
        return;
    }
    let middle = between(Some(above), below);
    fill(keys, above, Some(&middle), count / 2);
    keys.push(middle.clone());
    fill(keys, &middle, below, count - count / 2 - 1);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{below, between, top};

    proptest! {
        #[test]
        fn there_is_always_a_place_between_two_cards(drops in proptest::collection::vec(any::<proptest::sample::Index>(), 1..200)) {
            let mut column = vec![top()];
            for drop in drops {
                let at = drop.index(column.len() + 1);
                let above = at.checked_sub(1).map(|above| column[above].clone());
                let key = between(above.as_deref(), column.get(at).map(String::as_str));
                column.insert(at, key);
                prop_assert!(column.is_sorted_by(|a, b| a < b), "{column:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn keys_that_begin_alike_have_room_between_them(begin in proptest::collection::vec(0..3_u8, 0..6), above in any::<[u8; 4]>(), below in any::<[u8; 4]>(), drops in 1..20_usize) {
            let key = |end: [u8; 4]| hex::encode([&begin[..], &end, &[0x80]].concat());
            let (above, mut below) = (key(above.min(below)), key(above.max(below)));
            for _ in 0..drops {
                if above == below {
                    break;
                }
                let middle = between(Some(&above), Some(&below));
                prop_assert!(above < middle && middle < below, "{above} {middle} {below}");
                below = middle;
            }
        }
    }

    #[test]
    fn a_new_card_is_above_the_older_ones() {
        let older = top();
        assert!(top() < older);
    }

    #[test]
    fn keys_of_many_cards_below_others_are_in_order_and_short() {
        let mut column = vec![top()];
        for _ in 0..40 {
            let some = below(column.last().map(String::as_str), 500);
            column.extend(some);
        }
        assert_eq!(column.len(), 20_001);
        assert!(column.is_sorted_by(|a, b| a < b));
        assert!(column.iter().all(|key| key.len() <= 60));
    }
}
