//! What exists after start, and how a newcomer gets to it.

use std::net::SocketAddr;

use crate::auth::hash;
use crate::config::Serve;
use crate::desk::{
    Actor, Channel, DEMO, Desk, Desks, Error, LiveChatSettings, NewUser, PreChatField, PreChatKind,
    Role,
};

/// What the demo tenant is called, and how one signs in to it.
const DEMO_LOGINS: [(&str, &str, Role); 2] =
    [("admin@demo.test", "Ada", Role::Admin), ("agent@demo.test", "Bia", Role::Agent)];
const DEMO_PASSWORD: &str = "demo";
const DEMO_PHONE: &str = "test-phone-id";

/// The public key of the demo's chat, and by what its site would vouch for users.
const DEMO_CHAT: &str = "pub_demo";
const DEMO_IDENTITY_SECRET: &str = "demo identity secret";

/// Makes the tenants, inboxes and people that the settings name.
pub(super) async fn furnish(desks: &Desks, settings: &Serve) -> anyhow::Result<()> {
    for named in &settings.bootstrap {
        let desk = desks.ensure_tenant(&named.tenant.as_str().into(), &named.tenant).await?;
        let phone = named.phone_number_id.as_str();
        desk.ensure_inbox(Channel::WhatsApp, phone, phone).await?;
    }
    if !settings.demo {
        return Ok(());
    }
    let desk = desks.ensure_tenant(&DEMO.into(), "Loja Demonstração").await?;
    desk.ensure_inbox(Channel::WhatsApp, DEMO_PHONE, "WhatsApp").await?;
    furnish_chat(&desk).await?;
    for (email, name, role) in DEMO_LOGINS {
        let user = NewUser {
            email: email.to_owned(),
            name: name.to_owned(),
            role,
            password_hash: hash(DEMO_PASSWORD),
            only: None,
        };
        match desk.add_user(user).await {
            Ok(_) | Err(Error::Exists(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Makes the demo's chat, which pages of any site may open.
async fn furnish_chat(desk: &Desk) -> anyhow::Result<()> {
    let settings = LiveChatSettings {
        title: Some("Loja Demonstração".to_owned()),
        greeting: Some("Olá! Como podemos ajudar hoje?".to_owned()),
        offline_text: Some("Deixe sua mensagem: respondemos assim que voltarmos.".to_owned()),
        color: Some("#0b6b8a".to_owned()),
        locale: Some("pt-BR".to_owned()),
        allowed_origins: vec!["*".to_owned()],
        pre_chat: vec![PreChatField {
            key: "name".to_owned(),
            label: "Seu nome".to_owned(),
            kind: PreChatKind::Text,
            is_required: false,
            options: Vec::new(),
        }],
        requires_identity: false,
    };
    let by = Actor { user: "demo".into(), name: "Demo".to_owned(), address: None };
    let secret = DEMO_IDENTITY_SECRET.into();
    match desk.add_live_chat(DEMO_CHAT, "Site".to_owned(), settings, secret, &by).await {
        Ok(_) | Err(Error::Exists(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Tells a newcomer what to open and what to send.
pub fn welcome(settings: &Serve, address: SocketAddr) -> String {
    let url = format!("http://localhost:{}", address.port());
    let told = format!("Recado listens on {address}: open {url}");
    if !settings.demo {
        return told;
    }
    let logins = DEMO_LOGINS
        .map(|(email, _, _)| format!("  sign in as {email}, password {DEMO_PASSWORD}"))
        .join("\n");
    let curl = include_str!("welcome.txt").replace("URL", &url).replace("PHONE", DEMO_PHONE);
    format!("{told}\n{logins}\n  let a customer write:\n\n{curl}")
}
