//! Logins, users, accounts, members; sessions and mailed tokens.

use crate::Invariant::{OneTimeCodes, Pointers, Sessions, Time, Uniqueness};
use crate::item::Item;
use crate::notes::Notes;
use crate::table::{Changed, Step, Table};
use crate::time::moment;
use jiff::SignedDuration;

/// A session nobody uses for so long is over.
const IDLE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// No session is older.
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Judges what a commit did to identities.
pub(crate) fn judge(step: &Step<'_>, notes: &mut Notes) {
    for change in &step.changes {
        let Some(new) = &change.new else { continue };
        let kind = new.text("type");
        let part = matches!(kind, "login" | "user" | "account" | "member" | "data_key");
        if part && change.old.is_none() {
            let complete = ["login", "user", "account", "member", "data_key"]
                .iter()
                .all(|kind| step.put(kind).count() == 1);
            notes.must(complete, Uniqueness, || {
                format!("{} was put without its four others", change.place())
            });
        }
    }
    for (change, _, login) in step.written("login") {
        if let Err(what) = login_agrees(step.table, login) {
            notes.broken(Uniqueness, format!("{}: {what}", change.place()));
        }
    }
    for (change, _, user) in step.written("user") {
        let sk = format!("LOGIN#{}", user.text("email"));
        let login = step.table.get(&sk, "LOGIN");
        let agrees = login.is_some_and(|it| it.text("user") == user.text("id"));
        notes.must(agrees, Uniqueness, || {
            format!("{} has no login of its own", change.place())
        });
    }
    for (change, old, session) in step.written("session") {
        one_session(step, change, old, session, notes);
    }
    for (change, old, token) in step.written("token") {
        one_token(step, change, old, token, notes);
    }
}

fn login_agrees(table: &Table, login: &Item) -> Result<(), String> {
    let (id, account) = (login.text("user"), login.text("account"));
    let email = login.text("email");
    if email != email.to_lowercase() || !email.contains('@') {
        return Err("its address is not in its one spelling".to_owned());
    }
    let user = table
        .get(&format!("USER#{id}"), "PROFILE")
        .ok_or("no such user")?;
    if user.text("email") != login.text("email") || user.text("account") != account {
        return Err("its user has another address or account".to_owned());
    }
    if user.text("role") != login.text("role") {
        return Err("its user has another role".to_owned());
    }
    if (login.text("status") == "unverified") == user.at("email_verified_at").is_set() {
        return Err(format!("it is {}, its user not", login.text("status")));
    }
    let owner = format!("ACCOUNT#{account}");
    let profile = table.get(&owner, "PROFILE").ok_or("no such account")?;
    let member = table.get(&owner, &format!("MEMBER#{id}"));
    if member.is_none() || table.get(&owner, "DATAKEY").is_none() {
        return Err("its account lacks the member or the data key".to_owned());
    }
    let owned = profile.text("owner");
    let is_owner = member.is_some_and(|it| it.text("role") == "owner");
    if is_owner != (owned == id) {
        return Err(format!("its account is owned by {owned}"));
    }
    Ok(())
}

fn one_session(
    step: &Step<'_>,
    change: &Changed,
    old: Option<&Item>,
    session: &Item,
    notes: &mut Notes,
) {
    let place = || change.place();
    let user = step.beside(change, "PROFILE");
    let of_user = user.is_some_and(|it| it.at("account") == session.at("account"));
    notes.must(of_user, Pointers, || {
        format!("{} is of another account than its user", place())
    });
    let n = session.at("n").count();
    let Some(old) = old else {
        notes.must(n == 0 && session.at("ended").is_nothing(), Sessions, || {
            format!("{} began at refresh token {n}, or ended", place())
        });
        let role = user.map_or("", |it| it.text("role"));
        notes.must(role == session.text("role"), Sessions, || {
            format!("{} has another role than its user", place())
        });
        let began = moment(session.at("began_at"));
        let end = began.and_then(|at| at.checked_add(LIFE).ok());
        let end = end.map(|at| i128::from(at.as_second()));
        let fits = session.at("rotated_at") == session.at("began_at")
            && session.at("expires_at").number() == end;
        notes.must(fits && end.is_some(), Sessions, || {
            format!("{} begins or ends at another time than it says", place())
        });
        notes.saw("session: opened".to_owned());
        return;
    };
    notes.must(old.at("ended").is_nothing(), Sessions, || {
        format!("{} had ended and was written again", place())
    });
    let by = n.saturating_sub(old.at("n").count());
    let ends = session.at("ended").is_set();
    if ends {
        notes.must(by == 0, Sessions, || {
            format!("{} ended and went on", place())
        });
        notes.saw(format!("session: {}", session.text("ended")));
        return;
    }
    notes.must(by == 1, Sessions, || {
        format!("{} moved by {by} refresh tokens", place())
    });
    notes.saw("session: refreshed".to_owned());
    let rotated = moment(session.at("rotated_at"));
    let is_over = |start: &str, after: SignedDuration| {
        let end = moment(old.at(start)).and_then(|at| at.checked_add(after).ok());
        end.is_none_or(|end| rotated.is_none_or(|rotated| end <= rotated))
    };
    notes.must(
        !is_over("rotated_at", IDLE) && !is_over("began_at", LIFE),
        Time,
        || format!("{} was over and was refreshed", place()),
    );
    notes.must(moment(old.at("rotated_at")) <= rotated, Sessions, || {
        format!("{}: its last refresh went back", place())
    });
}

fn one_token(
    step: &Step<'_>,
    change: &Changed,
    old: Option<&Item>,
    token: &Item,
    notes: &mut Notes,
) {
    let place = || change.place();
    let user = token.text("user");
    let known = step.table.get(&format!("USER#{user}"), "PROFILE").is_some();
    notes.must(known, Pointers, || format!("{} is of no user", place()));
    let Some(old) = old else {
        notes.must(token.at("used_at").is_nothing(), OneTimeCodes, || {
            format!("{} came used", place())
        });
        notes.saw("token: mailed".to_owned());
        return;
    };
    notes.must(old.at("used_at").is_nothing(), OneTimeCodes, || {
        format!("{} was used twice", place())
    });
    let used = token.at("used_at").time();
    notes.must(
        used.is_some() && used < token.at("ends_at").time(),
        Time,
        || format!("{} was used at {used:?}, after its end", place()),
    );
    let told = step.tells("email_verified", "user", user);
    notes.must(told, OneTimeCodes, || {
        format!("{} was used for nothing", place())
    });
    notes.saw("token: used".to_owned());
}

/// Judges everybody: who has a login has a user, an account and a place in it.
pub(crate) fn at_rest(table: &Table, notes: &mut Notes) {
    let (mut logins, mut users) = (0_usize, 0_usize);
    for (pk, sk, item) in table.all() {
        match item.text("type") {
            "login" => {
                logins = logins.saturating_add(1);
                if let Err(what) = login_agrees(table, item) {
                    notes.broken(Uniqueness, format!("{pk}/{sk}: {what}"));
                }
            }
            "user" => users = users.saturating_add(1),
            "account" | "member" => {
                let user = item.text(if sk == "PROFILE" { "owner" } else { "user" });
                let known = table.get(&format!("USER#{user}"), "PROFILE").is_some();
                notes.must(known, Pointers, || format!("{pk}/{sk} is of no user"));
            }
            _ => {}
        }
    }
    notes.must(logins == users, Uniqueness, || {
        format!("{users} users have {logins} logins")
    });
}
