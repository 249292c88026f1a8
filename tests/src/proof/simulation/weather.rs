//! What goes wrong in a history: one kind of trouble, or several, or none.

use local::{
    Chance, Faults, ProviderFaults, ServiceFaults, Share, StreamFaults, TableFaults, Webhooks,
};

/// The trouble a history is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Nothing goes wrong.
    Calm,
    /// Replies and requests are lost everywhere.
    Lossy,
    /// The table and the other services refuse for load.
    Throttled,
    /// Transactions meet each other.
    Conflicts,
    /// The provider is hardly to be reached.
    ProviderOutage,
    /// None of the provider's events arrives in time, or all come twice.
    Blackout,
    /// None of the provider's events ever arrives.
    Silence,
    /// The index shows what was.
    Lagging,
    /// Answers are right and not what one hopes for.
    Ragged,
    /// Everything takes long, and arrives late.
    Slow,
    /// A little of everything.
    Storm,
}

const ALL: [Weather; 11] = [
    Weather::Calm,
    Weather::Lossy,
    Weather::Throttled,
    Weather::Conflicts,
    Weather::ProviderOutage,
    Weather::Blackout,
    Weather::Silence,
    Weather::Lagging,
    Weather::Ragged,
    Weather::Slow,
    Weather::Storm,
];

fn percent(of: u32) -> Share {
    Share::per_million(of * 10_000)
}

impl Weather {
    /// One of them.
    pub fn draw(chance: &mut Chance) -> Self {
        ALL[usize::try_from(chance.below(11)).unwrap()]
    }

    /// The faults of this weather.
    pub fn faults(self, seed: u64) -> Faults {
        let faults = match self {
            Self::Calm => Faults::default(),
            Self::Lossy => lossy(),
            Self::Throttled => throttled(),
            Self::Conflicts => conflicts(),
            Self::ProviderOutage => provider_outage(),
            Self::Blackout => blackout(),
            Self::Silence => silence(),
            Self::Lagging => lagging(),
            Self::Ragged => ragged(),
            Self::Slow => slow(),
            Self::Storm => storm(),
        };
        Faults {
            shuffle: true,
            seed,
            ..faults
        }
    }
}

fn lossy() -> Faults {
    Faults {
        dynamodb: TableFaults {
            lost_request: percent(4),
            lost_reply: percent(8),
            server_error_applied: percent(4),
            forgotten_token: percent(50),
            ..TableFaults::default()
        },
        provider: ProviderFaults {
            request_lost: percent(8),
            reply_lost: percent(12),
            ..ProviderFaults::default()
        },
        secrets: lossy_service(),
        mail: lossy_service(),
        ..Faults::default()
    }
}

fn throttled() -> Faults {
    Faults {
        dynamodb: TableFaults {
            throttle: percent(20),
            server_error: percent(5),
            ..TableFaults::default()
        },
        provider: ProviderFaults {
            rate_limited: percent(15),
            key_in_use: percent(5),
            ..ProviderFaults::default()
        },
        mail: ServiceFaults {
            throttle: percent(20),
            ..ServiceFaults::default()
        },
        ..Faults::default()
    }
}

fn conflicts() -> Faults {
    Faults {
        dynamodb: TableFaults {
            conflict: percent(25),
            mixed_reasons: percent(15),
            forgotten_token: percent(50),
            ..TableFaults::default()
        },
        ..Faults::default()
    }
}

fn provider_outage() -> Faults {
    Faults {
        provider: ProviderFaults {
            refused: percent(10),
            request_lost: percent(8),
            reply_lost: percent(10),
            server_error: percent(8),
            server_error_applied: percent(8),
            malformed: percent(6),
            error_in_ok: percent(6),
            rate_limited: percent(4),
            ..ProviderFaults::default()
        },
        ..Faults::default()
    }
}

fn silence() -> Faults {
    Faults {
        provider: ProviderFaults {
            reply_lost: percent(10),
            ..ProviderFaults::default()
        },
        webhooks: Webhooks {
            lose: Share::ALL,
            ..Webhooks::default()
        },
        ..Faults::default()
    }
}

fn blackout() -> Faults {
    Faults {
        webhooks: Webhooks {
            duplicate: percent(40),
            reorder: true,
            drop: percent(60),
            lose: percent(20),
            delay: 72 * 3_600,
        },
        stream: StreamFaults {
            duplicate: percent(20),
            drop: percent(20),
            poison: percent(10),
        },
        ..Faults::default()
    }
}

fn lagging() -> Faults {
    Faults {
        dynamodb: TableFaults {
            lag: 60,
            ..TableFaults::default()
        },
        webhooks: Webhooks {
            duplicate: percent(30),
            reorder: true,
            ..Webhooks::default()
        },
        ..Faults::default()
    }
}

fn ragged() -> Faults {
    Faults {
        dynamodb: TableFaults {
            short_page: percent(40),
            partial_batch: percent(40),
            mixed_reasons: percent(20),
            forgotten_token: percent(50),
            ..TableFaults::default()
        },
        stream: StreamFaults {
            duplicate: percent(30),
            poison: percent(10),
            ..StreamFaults::default()
        },
        ..Faults::default()
    }
}

fn slow() -> Faults {
    Faults {
        dynamodb: TableFaults {
            late: percent(8),
            forgotten_token: percent(50),
            ..TableFaults::default()
        },
        provider: ProviderFaults {
            late: percent(45),
            late_by: 600,
            list_lag: 1_800,
            behind: 30,
            ..ProviderFaults::default()
        },
        webhooks: Webhooks {
            delay: 3_600,
            reorder: true,
            ..Webhooks::default()
        },
        latency: 400,
        ..Faults::default()
    }
}

fn storm() -> Faults {
    Faults {
        dynamodb: TableFaults {
            throttle: percent(3),
            conflict: percent(4),
            server_error: percent(2),
            server_error_applied: percent(2),
            lost_request: percent(2),
            lost_reply: percent(3),
            mixed_reasons: percent(2),
            late: percent(2),
            forgotten_token: percent(50),
            short_page: percent(20),
            partial_batch: percent(10),
            lag: 30,
        },
        provider: ProviderFaults {
            refused: percent(2),
            request_lost: percent(2),
            reply_lost: percent(4),
            rate_limited: percent(2),
            key_in_use: percent(2),
            server_error: percent(2),
            server_error_applied: percent(2),
            malformed: percent(2),
            error_in_ok: percent(2),
            late: percent(3),
            late_by: 300,
            list_lag: 600,
            behind: 10,
        },
        webhooks: Webhooks {
            duplicate: percent(20),
            reorder: true,
            drop: percent(20),
            lose: percent(2),
            delay: 3_600,
        },
        secrets: lossy_service(),
        mail: lossy_service(),
        stream: StreamFaults {
            duplicate: percent(10),
            drop: percent(10),
            poison: percent(5),
        },
        latency: 100,
        ..Faults::default()
    }
}

fn lossy_service() -> ServiceFaults {
    ServiceFaults {
        throttle: percent(3),
        server_error: percent(3),
        lost_request: percent(3),
        lost_reply: percent(5),
    }
}
