//! What exists after start, and how a newcomer gets to it.

use std::net::SocketAddr;

use crate::auth::hash;
use crate::config::Serve;
use crate::desk::{Channel, DEMO, Desks, Error, NewUser, Role};

/// What the demo tenant is called, and how one signs in to it.
const DEMO_LOGINS: [(&str, &str, Role); 2] =
    [("admin@demo.test", "Ada", Role::Admin), ("agent@demo.test", "Bia", Role::Agent)];
const DEMO_PASSWORD: &str = "demo";
const DEMO_PHONE: &str = "test-phone-id";

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
