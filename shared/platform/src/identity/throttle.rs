//! Limits on trying: every try takes a token of each bucket it falls into,
//! before anything is hashed.

use super::derive;
use crate::app::App;
use crate::http::problem::{Code, Failure, Refusal};
use crate::secrets::Secret;
use crate::store::rate::{Limit, Taken};
use domain::email::EmailAddress;
use domain::id::AccountId;
use futures::future::{join_all, try_join_all};
use std::net::IpAddr;

/// Logins from one address: 30 at once, then one every 5 s.
pub const LOGIN_PER_ADDRESS: Limit = Limit {
    class: "login-address",
    burst: 30,
    interval_ms: 5_000,
};
/// Logins to one e-mail address, from all devices it does not know together:
/// 5 at once, then 15 an hour.
pub const LOGIN_PER_EMAIL: Limit = Limit {
    class: "login-email",
    burst: 5,
    interval_ms: 240_000,
};
/// Registrations from one address: 20 at once, then one every 100 s.
pub const REGISTRATION_PER_ADDRESS: Limit = Limit {
    class: "registration-address",
    burst: 20,
    interval_ms: 100_000,
};
/// Mails asked for to one e-mail address: 3 at once, then one every 5,000 s.
pub const MAIL_PER_EMAIL: Limit = Limit {
    class: "mail-email",
    burst: 3,
    interval_ms: 5_000_000,
};
/// Mails asked for from one address: 20 at once, then one every 100 s.
pub const MAIL_PER_ADDRESS: Limit = Limit {
    class: "mail-address",
    burst: 20,
    interval_ms: 100_000,
};
/// New VAT numbers an account may name: 10 at once, then 10 a day. Each is asked
/// about, and more than once.
pub const NUMBERS_PER_ACCOUNT: Limit = Limit {
    class: "number-account",
    burst: 10,
    interval_ms: 8_640_000,
};

/// Unknown coupon codes from one address: 20 at once, then one a minute.
pub const COUPON_PER_ADDRESS: Limit = Limit {
    class: "coupon-address",
    burst: 20,
    interval_ms: 60_000,
};

/// What a bucket counts.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A client address: an IPv4 address, or the /64 of an IPv6 address, which
    /// is what one customer of a network has.
    Address(&'a str),
    /// An e-mail address, whether or not anybody has it.
    Email(&'a EmailAddress),
    /// An account.
    Account(AccountId),
}

impl Subject<'_> {
    fn text(self) -> String {
        match self {
            Self::Address(text) => network(text),
            Self::Email(email) => email.as_str().to_owned(),
            Self::Account(account) => account.to_string(),
        }
    }
}

fn network(address: &str) -> String {
    match address
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
    {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => address.to_owned(),
    }
}

/// Too many tries: there is a token again in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many tries: again in {retry_after} s")]
pub struct Throttled {
    /// Seconds.
    pub retry_after: u32,
}

impl From<Throttled> for Failure {
    fn from(throttled: Throttled) -> Self {
        Refusal {
            retry_after: Some(throttled.retry_after),
            ..Code::TooManyRequests.into()
        }
        .into()
    }
}

/// Tokens that were taken for one try.
#[derive(Debug)]
pub struct Tries {
    taken: Vec<(Limit, String)>,
}

impl Tries {
    /// Gives the tokens back: the try was a good one. A counter that cannot be
    /// reached stays as it is, which errs on the side of refusing.
    pub async fn give_back(self, app: &App) {
        let back = self
            .taken
            .iter()
            .map(|(limit, subject)| app.store().give_token_back(limit, subject));
        join_all(back).await;
    }
}

/// Takes a token of each bucket, all at once. A refused try is a try as well,
/// so the tokens stay taken; but where the client's address is refused, the
/// e-mail address it tries gets its token back: whoever is shut out must not
/// empty the bucket of somebody else.
///
/// The subjects are kept as MACs: the table holds no addresses of people who
/// may not even be customers.
///
/// # Errors
/// When a counter or the secret cannot be reached.
pub async fn take(
    app: &App,
    buckets: &[(Limit, Subject<'_>)],
) -> Result<Result<Tries, Throttled>, Failure> {
    if !app.config().rate_limits {
        return Ok(Ok(Tries { taken: Vec::new() }));
    }
    let secret = app.secret(Secret::TokenKeys).await?;
    let key = derive::key(secret.expose(), "rate counters");
    let name = |subject: &Subject<'_>| hex::encode(derive::mac(&key, &[subject.text().as_bytes()]));
    let names: Vec<String> = buckets.iter().map(|(_, subject)| name(subject)).collect();
    let now = app.now();
    let asked = buckets.iter().zip(&names);
    let asked = asked.map(|((limit, _), name)| app.store().take_token(limit, name, now));
    let answers = try_join_all(asked).await?;

    let refused = answers.iter().filter_map(|answer| match answer {
        Taken::Yes => None,
        Taken::No { retry_after } => Some(*retry_after),
    });
    let longest = refused.max();
    let taken = buckets.iter().zip(names).zip(&answers);
    let taken = taken
        .filter(|(_, answer)| **answer == Taken::Yes)
        .map(|(bucket, _)| bucket);
    let Some(retry_after) = longest else {
        let taken = taken.map(|((limit, _), name)| (*limit, name)).collect();
        return Ok(Ok(Tries { taken }));
    };
    let others = taken.filter(|((_, subject), _)| matches!(subject, Subject::Email(_)));
    let others = others.map(|((limit, _), name)| (*limit, name)).collect();
    Tries { taken: others }.give_back(app).await;
    Ok(Err(Throttled { retry_after }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_customer_is_its_network_and_an_ipv4_customer_its_address() {
        assert_eq!(
            network("2001:db8:1:2:aaaa::1"),
            network("2001:db8:1:2:bbbb::2")
        );
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_eq!(network("no address"), "no address");
    }

    #[test]
    fn the_limits_are_the_documented_ones() {
        let rate = |limit: &Limit| (limit.burst, 3_600_000 / limit.interval_ms);
        assert_eq!(rate(&LOGIN_PER_ADDRESS), (30, 720));
        assert_eq!(rate(&LOGIN_PER_EMAIL), (5, 15));
        assert_eq!(rate(&REGISTRATION_PER_ADDRESS), (20, 36));
        assert_eq!(rate(&MAIL_PER_ADDRESS), (20, 36));
        assert_eq!(
            (MAIL_PER_EMAIL.burst, MAIL_PER_EMAIL.interval_ms),
            (3, 5_000_000)
        );
        assert_eq!(NUMBERS_PER_ACCOUNT.burst, 10);
        assert_eq!(NUMBERS_PER_ACCOUNT.interval_ms * 10, 24 * 3_600_000);
    }
}
