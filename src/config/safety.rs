//! Where a server runs, and which settings are safe there.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};

use super::Serve;
use super::units::seconds;

/// What a development server signs tokens with. A production server refuses it.
const DEVELOPMENT_SECRET: &str = "recado-development-secret";

/// The shortest secret that a production server accepts: what HS256 asks for.
/// <https://www.rfc-editor.org/rfc/rfc7518#section-3.2>
const SHORTEST_SECRET: usize = 32;

/// Enough for who has forgotten a password, and few for who guesses.
const SIGN_IN_TRIES: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Where a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// On somebody's desk.
    Development,
    /// In front of customers.
    Production,
}

/// How tokens are signed.
#[derive(Args, Clone, Debug)]
pub struct Tokens {
    /// The secret of HS256 tokens, at least 32 bytes in production; share it with a backend that
    /// issues tokens of its own
    #[arg(long, env = "JWT_SECRET", default_value = DEVELOPMENT_SECRET, hide_env_values = true)]
    pub jwt_secret: SecretString,

    /// How long a token that Recado issues is valid, in seconds
    #[arg(long, env = "JWT_LIFETIME_S", default_value = "43200", value_parser = seconds)]
    pub jwt_lifetime: Duration,

    /// How long somebody who does nothing stays signed in, in seconds
    #[arg(long, env = "REFRESH_LIFETIME_S", default_value = "2592000", value_parser = seconds)]
    pub refresh_lifetime: Duration,

    /// How often a minute somebody may try passwords of one account; from one address, three times as
    /// often
    #[arg(long, env = "SIGN_IN_TRIES", default_value_t = SIGN_IN_TRIES)]
    pub sign_in_tries: NonZeroU32,
}

impl Serve {
    /// Says why these settings are not safe where the server runs, if they are not.
    pub fn check(&self) -> Result<(), String> {
        if self.environment == Environment::Development {
            return Ok(());
        }
        let secret = self.tokens.jwt_secret.expose_secret();
        if secret == DEVELOPMENT_SECRET {
            return Err("a production server needs a JWT_SECRET of its own".to_owned());
        }
        if secret.len() < SHORTEST_SECRET {
            return Err(format!("JWT_SECRET is shorter than {SHORTEST_SECRET} bytes"));
        }
        if self.storage.secrets.is_known_to_all() {
            return Err("a production server needs a SECRETS_KEY of its own".to_owned());
        }
        if self.demo {
            return Err("a production server has no demo logins: leave out --demo".to_owned());
        }
        if self.simulate {
            return Err("a production server has real customers: leave out --simulate".to_owned());
        }
        if self.whatsapp.app_secret().is_none() {
            let why = "a production server takes signed webhooks only: set WHATSAPP_APP_SECRET";
            return Err(why.to_owned());
        }
        Ok(())
    }

    /// What is convenient on somebody's desk and would be dangerous elsewhere.
    pub fn dangers(&self) -> Vec<&'static str> {
        let mut dangers = Vec::new();
        if self.whatsapp.app_secret().is_none() {
            dangers.push("WHATSAPP_APP_SECRET is not set: webhooks are taken unsigned");
        }
        let secret = self.tokens.jwt_secret.expose_secret();
        if secret == DEVELOPMENT_SECRET {
            dangers.push("JWT_SECRET is the one that everybody knows: anybody can sign in");
        } else if secret.len() < SHORTEST_SECRET {
            dangers.push("JWT_SECRET is shorter than 32 bytes: whoever guesses it can sign in");
        }
        if self.storage.secrets.is_known_to_all() {
            dangers.push("SECRETS_KEY is not set: whoever has the database reads inboxes' secrets");
        }
        dangers
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn a_production_server_refuses_what_is_not_safe() {
        let refused = |flags: &[&str]| {
            let flags = ["recado", "--env", "production"].iter().chain(flags);
            Cli::try_parse_from(flags).unwrap().serve.check().unwrap_err()
        };
        assert!(refused(&[]).contains("JWT_SECRET"));
        assert!(refused(&["--jwt-secret", "short"]).contains("32 bytes"));
        assert!(refused(&["--jwt-secret", SECRET]).contains("SECRETS_KEY"));
        assert!(refused(&["--jwt-secret", SECRET, "--secrets-key", ""]).contains("SECRETS_KEY"));
        let keys = ["--jwt-secret", SECRET, "--secrets-key", KEY];
        assert!(refused(&keys).contains("WHATSAPP_APP_SECRET"));
        let unsigned = [keys.as_slice(), &["--whatsapp-app-secret", ""]].concat();
        assert!(refused(&unsigned).contains("WHATSAPP_APP_SECRET"));
        let demo = [keys.as_slice(), &["--whatsapp-app-secret", "s", "--demo"]].concat();
        assert!(refused(&demo).contains("--demo"));
        let simulate = [keys.as_slice(), &["--whatsapp-app-secret", "s", "--simulate"]].concat();
        assert!(refused(&simulate).contains("--simulate"));
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_a_danger_wherever_it_is() {
        let warned = |secret: &str| {
            let flags = ["recado", "--jwt-secret", secret];
            let dangers = Cli::try_parse_from(flags).unwrap().serve.dangers();
            dangers.iter().any(|danger| danger.contains("JWT_SECRET"))
        };
        assert!(warned("") && warned("short") && warned(super::DEVELOPMENT_SECRET));
        assert!(!warned(SECRET));
    }

    #[test]
    fn a_production_server_with_secrets_starts() {
        let flags = ["recado", "--env", "production", "--jwt-secret", SECRET, "--secrets-key", KEY];
        let flags = flags.iter().chain(&["--whatsapp-app-secret", "s"]);
        assert_eq!(Cli::try_parse_from(flags).unwrap().serve.check(), Ok(()));
    }
}
