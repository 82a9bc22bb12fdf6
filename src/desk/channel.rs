//! What the desk has to know of a kind of provider.

use super::Channel;

/// Whether it knows several conversations with one contact, which begin there.
pub(super) fn names_threads(channel: Channel) -> bool {
    match channel {
        Channel::WhatsApp | Channel::LiveChat => false,
        Channel::Chatwoot => true,
    }
}

/// Whether it takes nothing but templates a while after the contact last wrote.
pub(super) fn has_window(channel: Channel) -> bool {
    match channel {
        Channel::WhatsApp => true,
        Channel::Chatwoot | Channel::LiveChat => false,
    }
}

/// Whether agents work there too: it tells, and is told, whether somebody has to do something about
/// a conversation, and who looks after it.
pub(super) fn has_agents(channel: Channel) -> bool {
    match channel {
        Channel::WhatsApp | Channel::LiveChat => false,
        Channel::Chatwoot => true,
    }
}
