//! Addresses that open a file for a while, for whatever cannot send a token: an `<img>`, a player.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::desk::{MediaId, Time};

/// For how long an address is good, in seconds.
const GOOD_FOR: i64 = 5 * 60;

/// Signs addresses and checks them.
#[derive(Clone)]
pub struct Links(Hmac<Sha256>);

/// Why an address opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Wrong,
    Expired,
}

impl Links {
    /// Signs with a key of its own, made from the server's secret.
    pub fn new(secret: &SecretString) -> Self {
        let mac = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key);
        let key = mac(secret.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
        let key = key.chain_update("recado: addresses of files").finalize().into_bytes();
        Self(mac(&key).expect("HMAC takes keys of any length"))
    }

    /// Returns the address of a file, and until when it is good.
    pub(super) fn sign(&self, id: MediaId, now: Time) -> (String, Time) {
        let until = now.seconds() + GOOD_FOR;
        let seal = hex::encode(self.seal(id, until).finalize().into_bytes());
        let until_then = Time::from_seconds(until).unwrap_or(now);
        (format!("/media/{id}?e={until}&s={seal}"), until_then)
    }

    /// Whether an address is one of ours, and still good; found out in a time that does not tell
    /// where a seal is wrong.
    pub(super) fn check(
        &self,
        id: MediaId,
        (until, seal): (i64, &str),
        now: Time,
    ) -> Result<(), Broken> {
        let seal = hex::decode(seal).map_err(|_| Broken::Wrong)?;
        self.seal(id, until).verify_slice(&seal).map_err(|_| Broken::Wrong)?;
        if until < now.seconds() { Err(Broken::Expired) } else { Ok(()) }
    }

    fn seal(&self, id: MediaId, until: i64) -> Hmac<Sha256> {
        self.0.clone().chain_update(format!("{id} {until}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, GOOD_FOR, Links};
    use crate::desk::{MediaId, Time};

    #[test]
    fn an_address_opens_one_file_for_a_while() {
        let links = Links::new(&"secret".to_owned().into());
        let (id, now) = (MediaId::generate(), Time::now());
        let (url, until) = links.sign(id, now);
        let (e, seal) = (until.seconds(), url.rsplit_once("&s=").unwrap().1.to_owned());

        assert_eq!(links.check(id, (e, &seal), now), Ok(()));
        let later = now.plus_seconds(GOOD_FOR + 1);
        assert_eq!(links.check(id, (e, &seal), later), Err(Broken::Expired));
        let wrong = Err(Broken::Wrong);
        assert_eq!(links.check(id, (e + 1, &seal), now), wrong);
        assert_eq!(links.check(MediaId::generate(), (e, &seal), now), wrong);
        assert_eq!(links.check(id, (e, &seal[2..]), now), wrong);
        assert_eq!(links.check(id, (e, ""), now), wrong);
        let others = Links::new(&"another".to_owned().into());
        assert_eq!(others.check(id, (e, &seal), now), wrong);
    }
}
