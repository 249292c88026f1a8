//! The ways in which an effect can end badly.

use local::{Effect, Fault, Service};

/// What goes wrong at an effect: a fault, and at how many effects in a row. The
/// SDK tries thrice, so that only three of a kind are told to the shop.
pub type Mode = (Fault, u64);

/// Every way an effect of a service can end badly.
pub fn modes(effect: &Effect) -> Vec<Mode> {
    let common = [
        (Fault::CrashBefore, 1),
        (Fault::CrashAfter, 1),
        (Fault::LostRequest, 1),
        (Fault::LostReply, 1),
        (Fault::LostRequest, 3),
        (Fault::LostReply, 3),
        (Fault::Throttle, 3),
    ];
    let writes = [
        (Fault::Twice, 1),
        (Fault::Late, 1),
        (Fault::Late, 3),
        (Fault::ServerErrorApplied, 1),
    ];
    // The provider remembers a failure for a day: of three no second key helps.
    let of_aws = [(Fault::ServerError, 3)];
    let of_table = [
        // From here on nothing answers, until the act has given up.
        (Fault::Throttle, 12),
        (Fault::ServerErrorApplied, 3),
        (Fault::Conflict, 1),
        (Fault::Conflict, 5),
        (Fault::MixedReasons, 1),
    ];
    let of_provider = [
        (Fault::Late, 2),
        (Fault::ServerError, 1),
        (Fault::Refused, 2),
        (Fault::Conflict, 2),
        (Fault::Malformed, 2),
        (Fault::ErrorInOk, 2),
    ];
    let mut modes = common.to_vec();
    match effect.service {
        Service::Table if effect.writes() => {
            modes.extend(of_aws);
            modes.extend(writes);
            modes.extend(of_table);
        }
        Service::Provider => {
            modes.extend(writes);
            modes.extend(of_provider);
        }
        Service::Mail => {
            modes.extend(of_aws);
            modes.extend(writes);
        }
        Service::Register => {
            modes.extend(of_aws);
            modes.extend([(Fault::Refused, 1), (Fault::Malformed, 1)]);
        }
        Service::Table | Service::Secrets => modes.extend(of_aws),
    }
    modes
}
