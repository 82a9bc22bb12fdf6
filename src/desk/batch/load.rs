//! Reading what a batch speaks of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{
    ContactId, ConversationId, InboxId, MessageId, TenantId, TenantScoped as _, Time, contact,
    contact_address, conversation, inbox, message, parked, stage,
};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait as _, Condition, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use super::super::channel::{has_parts, whole_of};
use super::super::contact::same_number;
use super::super::message::from_json;
use super::super::stats::Work;
use super::super::{Amendment, Channel, Content, Db, Element, Webhook, tenant};
use super::ask::{in_parts, of_tenants};
use super::{Batch, Place, Rows, Waiting};

impl<'a> Batch<'a> {
    /// Opens the transaction and reads the rows that the elements of `webhooks` speak of.
    ///
    /// Stages, messages, whoever is met and conversations are locked, always in the order of their ids.
    pub(super) async fn load(
        db: &Db,
        adopter: Option<&'a TenantId>,
        webhooks: &[Webhook],
    ) -> Result<Self, DbErr> {
        let txn = db.begin().await?;
        let mut batch = Self {
            txn,
            adopter,
            now: Time::now(),
            inboxes: Rows::stored([]),
            first_stages: HashMap::new(),
            addresses: Rows::stored([]),
            contacts: Rows::stored([]),
            conversations: Rows::stored([]),
            places: HashMap::new(),
            numbers: HashMap::new(),
            labels: HashMap::new(),
            relabelled: HashMap::new(),
            colleagues: Vec::new(),
            messages: Rows::stored([]),
            handed: HashMap::new(),
            media: Vec::new(),
            revoked: Vec::new(),
            parked: HashMap::new(),
            settled: Vec::new(),
            before: HashMap::new(),
            milestones: Vec::new(),
            work: Work::default(),
            arrived: None,
            events: BTreeMap::new(),
        };
        batch.load_inboxes(webhooks).await?;
        let wanted = batch.wanted(webhooks);
        if wanted.is_empty() {
            return Ok(batch);
        }
        batch.load_first_stages(&wanted).await?;
        batch.load_messages(&wanted).await?;
        batch.load_parked(&wanted).await?;
        batch.load_people(&wanted).await?;
        batch.load_numbers(&wanted).await?;
        batch.load_standing(&wanted).await?;
        Ok(batch)
    }

    async fn load_inboxes(&mut self, webhooks: &[Webhook]) -> Result<(), DbErr> {
        let named: BTreeSet<_> = elements(webhooks)
            .filter_map(|(_, element)| Some(element.inbox.as_ref()?.id.as_str()))
            .collect();
        if named.is_empty() {
            return Ok(());
        }
        #[expect(clippy::disallowed_methods, reason = "the address tells the tenant")]
        let inboxes = inbox::Entity::find()
            .filter(inbox::Column::Channel.is_in(channels(webhooks)))
            .filter(inbox::Column::Address.is_in(named));
        // Two nodes that serve one inbox take turns: a status and its message that arrive at the same
        // time would else not see each other, and the status would wait for ever.
        let inboxes = inboxes.order_by_asc(inbox::Column::Id).lock_exclusive();
        let rows = inboxes.all(&self.txn).await?;
        self.inboxes =
            Rows::stored(rows.into_iter().map(|row| ((row.channel, row.address.clone()), row)));
        let Some(adopter) = self.adopter else { return Ok(()) };
        let strangers: Vec<_> = elements(webhooks)
            .filter(|(channel, element)| self.inbox_of(*channel, element).is_none())
            .collect();
        if !strangers.is_empty() && tenant::row(&self.txn, adopter).await?.is_some() {
            for (channel, element) in strangers {
                self.adopt(adopter, channel, element);
            }
        }
        Ok(())
    }

    /// Gives an inbox nobody knows to the tenant that takes in such.
    fn adopt(&mut self, adopter: &TenantId, channel: Channel, element: &Element) {
        let Some(address) = &element.inbox else { return };
        let key = (channel, address.id.clone());
        if self.inboxes.get(&key).is_some() {
            return;
        }
        let row = inbox::Model {
            id: InboxId::generate(),
            tenant_id: adopter.clone(),
            channel,
            name: address.label.clone(),
            address: address.id.clone(),
            created_at: self.now,
            secrets: None,
            settings: "{}".to_owned(),
            disabled_at: None,
            held_until: None,
            hold_error: None,
            reconciled_at: None,
        };
        self.inboxes.add(key, row);
    }

    fn wanted(&self, webhooks: &[Webhook]) -> Wanted {
        let mut wanted = Wanted::default();
        for (channel, element) in elements(webhooks) {
            let Some(inbox) = self.inbox_of(channel, element) else { continue };
            match &element.content {
                Content::Message(incoming) => {
                    wanted.addresses.extend(incoming.addresses.iter().map(|it| same_number(it)));
                    let whole = whole_of(channel, &incoming.provider_id);
                    wanted.messages.extend(whole.map(str::to_owned));
                    wanted.messages.insert(incoming.provider_id.clone());
                    wanted.threads.extend(incoming.thread.clone());
                    wanted.handed.extend(incoming.handover.map(|it| it.message));
                }
                Content::Person { who, .. } => {
                    wanted.addresses.extend(who.addresses.iter().map(|it| same_number(it)));
                }
                Content::Standing(standing) => {
                    let addresses = &standing.with.addresses;
                    wanted.addresses.extend(addresses.iter().map(|it| same_number(it)));
                    wanted.threads.insert(standing.thread.clone());
                    wanted.standing.insert(standing.thread.clone());
                    if let Some(Some(colleague)) = &standing.told.assignee {
                        wanted.colleagues.insert(colleague.name.clone());
                        wanted.emails.extend(colleague.email.as_ref().map(|it| it.to_lowercase()));
                    }
                }
                Content::Amendment { target, handover, amendment } => {
                    wanted.messages.insert(target.clone());
                    if has_parts(channel) && matches!(amendment, Amendment::Revoke { .. }) {
                        wanted.revoked.insert(target.clone());
                    }
                    wanted.handed.extend(handover.map(|it| it.message));
                }
                Content::Identity(addresses) => {
                    wanted.addresses.extend(addresses.iter().map(|it| same_number(it)));
                }
                Content::Aside(_) | Content::Broken(_) => continue,
            }
            wanted.channels.insert(channel);
            wanted.inboxes.insert(inbox.id);
            wanted.tenants.insert(inbox.tenant_id.clone());
        }
        wanted
    }

    async fn load_messages(&mut self, wanted: &Wanted) -> Result<(), DbErr> {
        let all = of_tenants::<message::Entity>(wanted)
            .filter(message::Column::InboxId.is_in(wanted.inboxes.iter().copied()));
        let mut others = self.parts(all.clone(), &wanted.revoked).await?;
        others.extend(wanted.handed.iter().copied());
        let named = |of: Vec<&String>| all.clone().filter(message::Column::ProviderId.is_in(of));
        let locked = |rows: Select<message::Entity>| {
            rows.order_by_asc(message::Column::Id).lock_exclusive().all(&self.txn)
        };
        let rows = if others.is_empty() {
            in_parts(wanted.messages.iter().collect(), |names| locked(named(names))).await?
        } else {
            // SQLite reads a whole inbox for "by this or by that". Names are learnt under the inbox's
            // lock, so that none is between the two queries.
            let ids = in_parts(wanted.messages.iter().collect(), |names| {
                let ids = named(names).select_only().column(message::Column::Id);
                ids.into_tuple::<MessageId>().all(&self.txn)
            });
            let ids: BTreeSet<MessageId> = ids.await?.into_iter().chain(others).collect();
            in_parts(ids.into_iter().collect(), |ids| {
                locked(all.clone().filter(message::Column::Id.is_in(ids)))
            })
            .await?
        };
        let (known, handed): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.provider_id.is_some());
        self.messages = Rows::stored(known.into_iter().filter_map(|row| {
            let key = (row.inbox_id, row.provider_id.clone()?);
            Some((key, row))
        }));
        self.handed = handed.into_iter().map(|row| (row.id, row)).collect();
        Ok(())
    }

    async fn load_parked(&mut self, wanted: &Wanted) -> Result<(), DbErr> {
        let rows = in_parts(wanted.messages.iter().collect(), |names| {
            of_tenants::<parked::Entity>(wanted)
                .filter(parked::Column::InboxId.is_in(wanted.inboxes.iter().copied()))
                .filter(parked::Column::Target.is_in(names))
                .order_by_asc(parked::Column::ParkedAt)
                .order_by_asc(parked::Column::Position)
                .all(&self.txn)
        });
        for row in rows.await? {
            let amendment = from_json(&row.amendment).map_err(|e| DbErr::Json(e.to_string()))?;
            let key = (row.inbox_id, row.target.clone());
            self.parked.entry(key).or_default().push(Waiting { row, amendment, stored: true });
        }
        Ok(())
    }

    /// Reads who wrote, and the conversations with them and around the messages spoken of.
    async fn load_people(&mut self, wanted: &Wanted) -> Result<(), DbErr> {
        let addresses = in_parts(wanted.addresses.iter().collect(), |addresses| {
            of_tenants::<contact_address::Entity>(wanted)
                .filter(contact_address::Column::Channel.is_in(wanted.channels.iter().copied()))
                .filter(contact_address::Column::Address.is_in(addresses))
                .all(&self.txn)
        });
        let addresses = addresses.await?;
        let met = addresses.iter().map(|address| address.contact_id).collect();
        // They are written to also through another inbox, and the newest of what both are told counts.
        let mut contacts = self.load_contacts(met, true, wanted).await?;
        let met: BTreeSet<_> = contacts.iter().map(|contact| contact.id).collect();
        let talked: BTreeSet<_> = self
            .messages
            .0
            .values()
            .map(|(message, _)| message.conversation_id)
            .chain(self.handed.values().map(|message| message.conversation_id))
            .chain(self.threads(wanted).await?)
            .collect();
        let with = met.iter().map(|contact| (Some(*contact), None));
        let meant = with.chain(talked.into_iter().map(|talk| (None, Some(talk))));
        let conversations = in_parts(meant.collect(), |some| {
            let with: Vec<ContactId> = some.iter().filter_map(|(contact, _)| *contact).collect();
            let talked: Vec<ConversationId> = some.iter().filter_map(|(_, talk)| *talk).collect();
            let mut meant = Condition::any();
            // SQLite reads all conversations for "with one of these, or one of none".
            if !with.is_empty() {
                meant = meant.add(conversation::Column::ContactId.is_in(with));
            }
            if !talked.is_empty() {
                meant = meant.add(conversation::Column::Id.is_in(talked));
            }
            let all = of_tenants::<conversation::Entity>(wanted).filter(meant);
            all.order_by_asc(conversation::Column::Id).lock_exclusive().all(&self.txn)
        });
        let conversations = conversations.await?;
        let talked_to = conversations.iter().map(|conversation| conversation.contact_id);
        let others = talked_to.filter(|id| !met.contains(id)).collect();
        contacts.extend(self.load_contacts(others, false, wanted).await?);

        self.places = conversations.iter().map(|row| (row.id, Place::of(row))).collect();
        self.addresses = Rows::stored(addresses.into_iter().map(|row| {
            let key = (row.tenant_id.clone(), row.channel, row.address.clone());
            (key, row)
        }));
        self.before = conversations.iter().map(|row| (row.id, row.clone())).collect();
        self.conversations =
            Rows::stored(conversations.into_iter().map(|row| (Place::of(&row), row)));
        self.contacts = Rows::stored(contacts.into_iter().map(|row| (row.id, row)));
        Ok(())
    }

    /// Finds the conversations that channels name.
    async fn threads(&self, wanted: &Wanted) -> Result<Vec<ConversationId>, DbErr> {
        if wanted.threads.is_empty() {
            return Ok(Vec::new());
        }
        let named = of_tenants::<conversation::Entity>(wanted)
            .select_only()
            .column(conversation::Column::Id)
            .filter(conversation::Column::InboxId.is_in(wanted.inboxes.iter().copied()))
            .filter(conversation::Column::Thread.is_in(&wanted.threads));
        named.into_tuple().all(&self.txn).await
    }

    /// Reads which number each tenant's next conversation has, if one may be opened.
    async fn load_numbers(&mut self, wanted: &Wanted) -> Result<(), DbErr> {
        let is_known = |thread: &String| {
            self.conversations.0.values().any(|(row, _)| row.thread.as_ref() == Some(thread))
        };
        let reached = self.addresses.0.keys().map(|(_, _, address)| address);
        let reached: BTreeSet<_> = reached.collect();
        let is_met = wanted.addresses.iter().all(|address| reached.contains(address));
        let talks: BTreeSet<_> = self.places.values().filter_map(Place::unthreaded).collect();
        let talked = self.addresses.0.values().all(|(row, _)| {
            wanted.inboxes.iter().all(|inbox| talks.contains(&(row.contact_id, *inbox)))
        });
        if is_met && talked && wanted.threads.iter().all(is_known) {
            return Ok(());
        }
        for tenant in &wanted.tenants {
            let last = conversation::Entity::of_tenant(tenant)
                .select_only()
                .column(conversation::Column::DisplayId)
                .order_by_desc(conversation::Column::DisplayId)
                .limit(1);
            let last: Option<i64> = last.into_tuple().one(&self.txn).await?;
            self.numbers.insert(tenant.clone(), last.unwrap_or_default());
        }
        Ok(())
    }

    /// Reads contacts, which are locked if they may become others, and all who are one person with them:
    /// whoever renames a person tells it in all conversations with them.
    async fn load_contacts(
        &self,
        people: BTreeSet<ContactId>,
        may_change: bool,
        wanted: &Wanted,
    ) -> Result<Vec<contact::Model>, DbErr> {
        let mut known = BTreeMap::new();
        let (mut asked, mut people) = (BTreeSet::new(), people);
        while !people.is_empty() {
            let is_locked = may_change && asked.is_empty();
            let rows = in_parts(people.iter().copied().collect(), |people| {
                let meant = Condition::any()
                    .add(contact::Column::Id.is_in(people.iter().copied()))
                    .add(contact::Column::MergedInto.is_in(people));
                let mut all = of_tenants::<contact::Entity>(wanted).filter(meant);
                if is_locked {
                    all = all.order_by_asc(contact::Column::Id).lock_exclusive();
                }
                all.all(&self.txn)
            });
            let rows = rows.await?;
            asked.append(&mut people);
            let found = rows.iter().flat_map(|row| row.merged_into.into_iter().chain([row.id]));
            people.extend(found.filter(|id| !asked.contains(id)));
            known.extend(rows.into_iter().map(|row| (row.id, row)));
        }
        Ok(known.into_values().collect())
    }

    async fn load_first_stages(&mut self, wanted: &Wanted) -> Result<(), DbErr> {
        let mut stages = of_tenants::<stage::Entity>(wanted)
            .order_by_asc(stage::Column::Id)
            // Not to be removed while a conversation is opened in one; cards may be placed there.
            .lock(LockType::KeyShare)
            .all(&self.txn)
            .await?;
        stages.sort_by_key(|stage| (stage.position, stage.id));
        for stage in stages {
            self.first_stages.entry(stage.tenant_id).or_insert(stage.id);
        }
        Ok(())
    }
}

/// What the elements of a batch speak of.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) tenants: BTreeSet<TenantId>,
    channels: BTreeSet<Channel>,
    inboxes: BTreeSet<InboxId>,
    messages: BTreeSet<String>,
    /// Those of them that are deleted, and whose further files may be here.
    revoked: BTreeSet<String>,
    handed: BTreeSet<MessageId>,
    addresses: BTreeSet<String>,
    /// The threads that channels name, and those of which they tell how they stand.
    threads: BTreeSet<String>,
    pub(super) standing: BTreeSet<String>,
    /// The agents of whom channels speak.
    pub(super) colleagues: BTreeSet<String>,
    pub(super) emails: BTreeSet<String>,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        self.inboxes.is_empty()
    }
}

fn elements(webhooks: &[Webhook]) -> impl Iterator<Item = (Channel, &Element)> {
    webhooks
        .iter()
        .flat_map(|webhook| webhook.elements.iter().map(move |element| (webhook.channel, element)))
}

fn channels(webhooks: &[Webhook]) -> BTreeSet<Channel> {
    webhooks.iter().map(|webhook| webhook.channel).collect()
}
