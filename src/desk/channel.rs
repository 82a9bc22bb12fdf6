//! What the desk has to know of a kind of provider.

use super::Channel;

/// Whether conversations begin there alone: it names them, or nobody is there who has not begun one.
pub(super) fn begins_talks(channel: Channel) -> bool {
    match channel {
        Channel::WhatsApp => false,
        Channel::Chatwoot | Channel::LiveChat => true,
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

/// Whether a message there may have several files. Here the further ones are messages of their own, which
/// are named after it: `55`, `55/9002`.
pub(super) fn has_parts(channel: Channel) -> bool {
    match channel {
        Channel::WhatsApp | Channel::LiveChat => false,
        Channel::Chatwoot => true,
    }
}

/// The message of which one so named is a further file.
pub(super) fn whole_of(channel: Channel, name: &str) -> Option<&str> {
    name.split_once('/').filter(|_| has_parts(channel)).map(|(whole, _)| whole)
}
