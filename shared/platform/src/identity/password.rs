//! Passwords: Argon2id with a pepper, one hash at a time.

use super::derive;
use crate::app::App;
use crate::http::problem::{Failure, chain};
use crate::secrets::Secret;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Lanes.
const LANES: u32 = 1;
/// Bytes of a hash.
const LENGTH: usize = 32;

/// What a new hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    memory_kib: u32,
    /// Passes over that memory.
    passes: u32,
    /// Whether it takes long enough to leave the event loop for it.
    blocks: bool,
}

impl Cost {
    /// What is deployed: the floor of the OWASP password storage cheat sheet.
    /// Raise it until a hash takes 40 to 100 ms where it is deployed.
    pub const DEPLOYED: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        blocks: true,
    };

    /// Next to nothing, on the thread that asks: for simulations, which log in
    /// thousands of times and must not depend on when a thread is done.
    pub const NEGLIGIBLE: Self = Self {
        memory_kib: 8,
        passes: 1,
        blocks: false,
    };
}

impl Default for Cost {
    fn default() -> Self {
        Self::DEPLOYED
    }
}

/// What a password turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not the password, or there is none to compare it with.
    Wrong,
    /// The password.
    Right,
    /// The password, but hashed with less than what is asked for today, or
    /// with a pepper that was replaced: hash it again.
    Outdated,
}

/// Why a password could not be hashed. It says nothing of the password.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Argon2 refused its input or parameters.
    #[error("the password cannot be hashed: {0}")]
    Argon2(argon2::Error),
    /// The parts make no PHC string, or the PHC string has not these parts.
    #[error("the password hash cannot be read or written")]
    Format,
    /// The blocking thread ended without an answer.
    #[error("the hashing thread stopped")]
    Thread,
}

impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        Self::Fault(chain(&error))
    }
}

/// Hashes passwords, one at a time, in a block of memory that is kept: fresh
/// memory of that size costs thousands of page faults.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    cost: Cost,
    memory: Arc<Mutex<Vec<Block>>>,
    hashes: Arc<AtomicU64>,
}

/// A pepper with its name.
struct Pepper {
    id: String,
    bytes: [u8; 32],
}

impl Pepper {
    fn of(secret: &str) -> Self {
        Self {
            id: derive::key_id(secret),
            bytes: derive::key(secret, "password"),
        }
    }

    /// The name as it is kept in the PHC string: at most 8 bytes.
    fn key_id(&self) -> Result<KeyId, HashError> {
        KeyId::new(self.id.as_bytes()).map_err(HashError::Argon2)
    }
}

fn todays(cost: Cost, pepper: &Pepper) -> Result<Params, HashError> {
    let mut builder = ParamsBuilder::new();
    builder
        .m_cost(cost.memory_kib)
        .t_cost(cost.passes)
        .p_cost(LANES)
        .output_len(LENGTH)
        .keyid(pepper.key_id()?);
    builder.build().map_err(HashError::Argon2)
}

/// Hashes a new password into a PHC string.
///
/// # Errors
/// When the pepper or random bytes cannot be had.
pub async fn hash(app: &App, password: &str) -> Result<String, Failure> {
    let pepper = Pepper::of(app.secret(Secret::Pepper).await?.expose());
    let salt = app.random::<16>()?;
    let params = todays(app.hasher().cost, &pepper)?;
    let written = params.clone();
    let output = compute(app, password, salt.to_vec(), params, pepper).await?;
    let format = |_| HashError::Format;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&written).map_err(|_| HashError::Format)?,
        salt: Some(Salt::new(&salt).map_err(format)?),
        hash: Some(Output::new(&output).map_err(format)?),
    };
    Ok(hash.to_string())
}

/// Compares a password with a PHC string. It costs one hash whatever comes of
/// it; without a string to compare with, a hash of today's cost is computed
/// for nothing, so that an unknown user takes as long as a wrong password.
///
/// # Errors
/// When the pepper cannot be had or the string cannot be read.
pub async fn verify(app: &App, password: &str, stored: Option<&str>) -> Result<Verdict, Failure> {
    let secret = app.secret(Secret::Pepper).await?;
    let pepper = Pepper::of(secret.expose());
    let Some(stored) = stored else {
        let params = todays(app.hasher().cost, &pepper)?;
        compute(app, password, vec![0; 16], params, pepper).await?;
        return Ok(Verdict::Wrong);
    };
    let stored = PasswordHash::new(stored).map_err(|_| HashError::Format)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Err(HashError::Format.into());
    };
    let params = Params::try_from(&stored).map_err(|_| HashError::Format)?;
    let today = todays(app.hasher().cost, &pepper)?;
    let outdated = params != today;
    let pepper = if params.keyid() == pepper.id.as_bytes() {
        pepper
    } else {
        previous_pepper(app, pepper).await
    };
    let output = compute(app, password, salt.as_ref().to_vec(), params, pepper).await?;
    // `Output` compares in constant time.
    let right = Output::new(&output).is_ok_and(|output| output == *expected);
    Ok(match (right, outdated) {
        (false, _) => Verdict::Wrong,
        (true, true) => Verdict::Outdated,
        (true, false) => Verdict::Right,
    })
}

/// The pepper before the last rotation; today's where there is none, with
/// which the password then turns out wrong.
async fn previous_pepper(app: &App, today: Pepper) -> Pepper {
    match app.secrets().previous(Secret::Pepper, app.now()).await {
        Some(secret) => Pepper::of(secret.expose()),
        None => today,
    }
}

/// Computes a hash, on a blocking thread where it takes long.
async fn compute(
    app: &App,
    password: &str,
    salt: Vec<u8>,
    params: Params,
    pepper: Pepper,
) -> Result<Vec<u8>, HashError> {
    let hasher = app.hasher().clone();
    let password = password.as_bytes().to_vec();
    let blocks = hasher.cost.blocks;
    let work = move || hasher.compute(&password, &salt, params, &pepper.bytes);
    if !blocks {
        return work();
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| HashError::Thread)?
}

impl Hasher {
    /// Makes new hashes at this cost.
    pub(crate) fn new(cost: Cost) -> Self {
        Self {
            cost,
            ..Self::default()
        }
    }

    /// How many hashes were computed: known and unknown users must cost alike,
    /// and a refusal for too many tries nothing.
    pub fn count(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    fn compute(
        &self,
        password: &[u8],
        salt: &[u8],
        params: Params,
        pepper: &[u8],
    ) -> Result<Vec<u8>, HashError> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() < params.block_count() {
            memory.resize(params.block_count(), Block::new());
        }
        let mut output = vec![0; params.output_len().unwrap_or(LENGTH)];
        self.hashes.fetch_add(1, Ordering::Relaxed);
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
            .and_then(|argon2| {
                argon2.hash_password_into_with_memory(
                    password,
                    salt,
                    &mut output,
                    memory.as_mut_slice(),
                )
            })
            .map_err(HashError::Argon2)?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::deployed;

    fn quick(pepper: &Pepper) -> Params {
        let mut builder = ParamsBuilder::new();
        builder
            .m_cost(64)
            .t_cost(1)
            .p_cost(1)
            .output_len(LENGTH)
            .keyid(pepper.key_id().unwrap());
        builder.build().unwrap()
    }

    #[test]
    fn the_pepper_and_every_character_count() {
        let hasher = Hasher::default();
        let (one, two) = (Pepper::of("one"), Pepper::of("two"));
        let hash = |password: &str, pepper: &Pepper| {
            hasher
                .compute(password.as_bytes(), &[7; 16], quick(pepper), &pepper.bytes)
                .unwrap()
        };
        let right = hash("correct horse battery", &one);
        assert_eq!(hash("correct horse battery", &one), right);
        assert_ne!(hash("correct horse battery", &two), right);
        assert_ne!(hash("correct horse battery ", &one), right);
        assert_ne!(hash("Correct horse battery", &one), right);
        assert_eq!(hasher.count(), 5);
    }

    #[test]
    fn a_hash_in_reused_memory_is_the_hash_in_fresh_memory() {
        let pepper = Pepper::of("one");
        let used = Hasher::default();
        for _ in 0..3 {
            let again = used
                .compute(b"password", &[1; 16], quick(&pepper), &pepper.bytes)
                .unwrap();
            let fresh = Hasher::default()
                .compute(b"password", &[1; 16], quick(&pepper), &pepper.bytes)
                .unwrap();
            assert_eq!(again, fresh);
        }
    }

    #[test]
    fn todays_cost_is_not_below_the_floor() {
        let params = todays(Cost::DEPLOYED, &Pepper::of("one")).unwrap();
        assert!(params.m_cost() >= 19_456 && params.t_cost() >= 2 && params.p_cost() == 1);
        let text = ParamsString::try_from(&params).unwrap().to_string();
        assert!(text.starts_with("m=19456,t=2,p=1,keyid="), "{text}");
    }

    #[test]
    fn a_deployed_function_hashes_at_no_less_than_the_floor() {
        let name =
            "identity::password::tests::a_deployed_function_hashes_at_no_less_than_the_floor";
        let Some(app) = deployed(name) else {
            return;
        };
        let cost = app.hasher().cost;
        let params = todays(cost, &Pepper::of("one")).unwrap();
        assert!(params.m_cost() >= 19_456 && params.t_cost() >= 2);
        assert!(cost.blocks, "on a thread of its own");
    }
}
