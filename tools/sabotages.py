"""One-line bugs, each of which somebody must miss: `tools/sabotage.py` plants
them one after the other.

Each has a name, the file, the text it replaces (which must occur there), what
it puts in its place, and who has to notice: `hunt` (histories and crash
points) or the arguments of `cargo test`.
"""

PAYMENTS = "shared/platform/src/payments/"
STORE = "shared/platform/src/store/"
DOMAIN = "shared/domain/src/"

HUNT = "hunt"


def it(name):
    """A test through the front door."""
    return f"-p tests --test it -- {name}"


def unit(package, name):
    """A test of one crate."""
    return f"-p {package} -- {name}"


SABOTAGES = [
    # Money: who charges, when, and how often.
    ("a charge's key is another one each time", PAYMENTS + "renew.rs",
     "let key = key_of(payment, &attempt);", 'let key = format!("{}:{}", key_of(payment, &attempt), app.now());', HUNT),
    ("a new attempt while one is open", DOMAIN + "payment.rs",
     "if let Some(open) = self.open_attempt() {", "if let Some(open) = self.open_attempt().filter(|_| false) {", unit("domain", "")),
    ("no period guard", PAYMENTS + "renew.rs",
     "    act.insert(&period, Changed);\n", "    let _ = &period;\n", HUNT),
    ("T1 does not move the subscription", PAYMENTS + "renew.rs",
     "    act.replace(read.subscription.version, &waiting, Changed);\n", "", HUNT),
    ("T1 without a time to look again", DOMAIN + "payment.rs",
     "        self.check_at = Some(attempt.next_check(now));\n        self.attempts.push(attempt);", "        self.attempts.push(attempt);", HUNT),
    ("a failure of the provider is a refusal", PAYMENTS + "answer.rs",
     "(500.., _) => Err(CallError::Failed(format!(\"{status} {code}\"))),", "(500.., _) => Err(CallError::Rejected { status, code }),", HUNT),
    ("a lost charge was never made", "shared/domain/src/attempt.rs",
     ".is_some_and(|since| now.duration_since(since) >= PROOF)", ".is_none()", HUNT),
    ("a failure of a page has no second key", PAYMENTS + "provider.rs",
     "Err(CallError::Failed(_)) => {\n                let spare", "Err(CallError::Failed(_)) if key.is_empty() => {\n                let spare", HUNT),
    ("whoever is late downgrades", DOMAIN + "settling.rs",
     "_ if !attempt.is_open() => Settlement::Nothing,", "_ if false => Settlement::Nothing,", HUNT),
    ("the amount is not compared", DOMAIN + "settling.rs",
     "if seen.amount != self.amount || !received {", "if seen.amount.currency() != self.amount.currency() && !received {", HUNT),
    ("the customer is not compared", DOMAIN + "settling.rs",
     "(Some(_), _) => Err(Mismatch::Customer),", "(Some(_), _) => Ok(()),", HUNT),
    ("the account is not compared", DOMAIN + "settling.rs",
     "if (seen.reference.account, seen.reference.payment) != (self.account, self.id) {", "if seen.reference.payment != self.id {", unit("domain", "")),
    ("what nobody owes is paid", DOMAIN + "settling.rs",
     "PaymentStatus::Pending if payable => {", "PaymentStatus::Pending if payable || now >= self.created_at => {", HUNT),
    ("a second capture is the first", DOMAIN + "settling.rs",
     "} if *provider_payment == seen.id => Settlement::Nothing,", "} if !provider_payment.is_empty() => Settlement::Nothing,", unit("domain", "")),
    ("a surplus is booked each time it is seen", DOMAIN + "settling.rs",
     "_ if known_surplus => Settlement::Nothing,", "_ if known_surplus && self.surplus.len() > 9 => Settlement::Nothing,", HUNT),
    ("a surplus is never given back", PAYMENTS + "reconcile.rs",
     "if scene.payment.value.open_surplus().is_some() {", "if scene.payment.value.open_surplus().is_some_and(|_| false) {", HUNT),
    ("a refund without its entry", PAYMENTS + "surplus.rs",
     "    writing.book(&scene, posting, event);\n", "    let _ = (posting, event);\n", HUNT),
    ("the page of a canceled order stays open", PAYMENTS + "reconcile.rs",
     "if page.status.as_deref() == Some(\"open\") && !is_wanted {", "if page.status.as_deref() == Some(\"closed\") && !is_wanted {", HUNT),
    ("a page that expired is forgotten", PAYMENTS + "reconcile.rs",
     "    if page.status.as_deref() == Some(\"expired\") {\n        return close_page(app, scene.clone(), attempt.number).await;\n    }\n", "", HUNT),
    ("a lost charge is not asked for", PAYMENTS + "reconcile.rs",
     ".find(|intent| Locator::read(&intent.metadata) == Some(at))", ".find(|intent| Locator::read(&intent.metadata).is_none())", HUNT),
    # The books.
    ("the ledger's entry is not written", PAYMENTS + "writing.rs",
     "        self.transaction.insert(&entry, Changed);\n", "        let _ = &entry;\n", HUNT),
    ("the ledger's head is not moved", PAYMENTS + "writing.rs",
     "        self.transaction.upsert(version, &head, Changed);\n", "", HUNT),
    ("an event is not written", PAYMENTS + "writing.rs",
     "        self.transaction.insert(&event, Changed);\n        Ok(event.id)", "        Ok(event.id)", HUNT),
    ("a paid period has no item", PAYMENTS + "writing.rs",
     "            self.transaction.insert(&period, Changed);\n", "            let _ = &period;\n", HUNT),
    ("a paid order has no invoice", PAYMENTS + "writing.rs",
     "        self.transaction.insert(&invoice, Changed);\n        self.transaction.replace(order", "        self.transaction.replace(order", HUNT),
    ("a paid order stays as it was", PAYMENTS + "writing.rs",
     "        self.transaction.replace(order.version, &paid, Changed);\n", "        let _ = order.version;\n", HUNT),
    ("the counter stands still", PAYMENTS + "finalise.rs",
     "    transaction.upsert(version, &counter, Changed);\n", "    let _ = (version, &counter);\n", HUNT),
    ("a number is not noted", PAYMENTS + "finalise.rs",
     "        transaction.replace(invoice.version, &finalised, Changed);\n        transaction.insert(&entry, Changed);", "        transaction.replace(invoice.version, &finalised, Changed);\n        let _ = &entry;", HUNT),
    ("an invoice says paid and is not", PAYMENTS + "finalise.rs",
     "let paid = matches!(invoice.value.ready_paid_at(), Some(Some(_)));", "let paid = invoice.value.ready_paid_at().is_some();", HUNT),
    # The table.
    ("one's own write is somebody else's", STORE + "transaction.rs",
     ".any(|item| written_by(item, act));", ".any(|item| !written_by(item, act) && item.is_empty());", HUNT),
    ("one's own put is somebody else's", STORE + "write.rs",
     "item.is_some_and(|item| written_by(item, act))", "item.is_some_and(|item| written_by(item, act) && item.is_empty())", HUNT),
    ("the first reason alone counts", STORE + "transaction.rs",
     "        if let Some(failed) = reasons\n            .iter()\n", "        if let Some(failed) = reasons\n            .iter()\n            .take(1)\n", HUNT),
    ("a conflict is a refused condition", STORE + "transaction.rs",
     ".position(|reason| code(reason) == \"ConditionalCheckFailed\")", ".position(|reason| code(reason) != \"None\")", HUNT),
    ("a refused condition is tried again", STORE + "transaction.rs",
     "                Tried::Refused(failed)\n", "                {\n                    let _ = failed;\n                    Tried::Conflict\n                }\n", it("a_refused_condition_is_an_answer")),
    ("any refusal is one's own write", STORE + "transaction.rs",
     "            return Ok(if ours {", "            return Ok(if ours || failed > 0 {", HUNT),
    ("keys a batch left out are dropped", STORE + "read.rs",
     "            if wanted.is_empty() {", "            if wanted.is_empty() || round < 9 {", HUNT),
    ("a list ends at its first short page", STORE + "read.rs",
     "if items.len() > limit || after.is_none() {", "if items.len() > limit || after.is_none() || limit > 0 {", HUNT),
    ("what is due on the second page is not", STORE + "due.rs",
     "if keys.len() >= limit || start.is_none() {", "if keys.len() >= limit || start.is_none() || limit > 0 {", it("however_short_the_pages_are")),
    ("reads are not consistent", STORE + "read.rs",
     "                .consistent_read(true)\n                .build()", "                .consistent_read(false)\n                .build()", HUNT),
    ("versions stand still", STORE + "transaction.rs",
     "encode(value, version.saturating_add(1), self.act)", "encode(value, version, self.act)", HUNT),
    # Events of the provider.
    ("an event seen is an event applied", PAYMENTS + "inbox.rs",
     "        Some(known) => match known.value.state {\n            InboxState::Applied", "        Some(_) if at.reference.attempt > 0 => return Ok(Received::Repeated),\n        Some(known) => match known.value.state {\n            InboxState::Applied", it("an_event_that_could_only_be_kept")),
    ("an event is applied and not marked", PAYMENTS + "settle.rs",
     "            writing.transaction.upsert(*version, event, Changed);\n", "            let _ = (version, event);\n", HUNT),
    ("an event is answered and not kept", PAYMENTS + "inbox_records.rs",
     "    .await?;\n    Ok(Received::Kept)", "    .await\n    .ok();\n    Ok(Received::Kept)", HUNT),
    ("a kept event has no timer", PAYMENTS + "inbox_records.rs",
     "            check_at: Some(later),", "            check_at: Some(later).filter(|_| false),", HUNT),
    ("an event waits anew each time it comes", PAYMENTS + "inbox.rs",
     "                record.received_at = known.value.received_at;\n", "", it("an_event_that_comes_again")),
    ("any signature of the right length is good", PAYMENTS + "signature.rs",
     ".any(|given| matches(secret, time, body, given))", ".any(|given| matches(secret, time, body, given) || given.len() == 32)", HUNT),
    ("old signatures are good", PAYMENTS + "signature.rs",
     "if now_seconds.abs_diff(time) > TOLERANCE.unsigned_abs() {", "if now_seconds.saturating_add(TOLERANCE) < time {", HUNT),
    ("the first signature alone is looked at", PAYMENTS + "signature.rs",
     "            Some((\"v1\", text)) => signatures.push(text),", "            Some((\"v1\", text)) if signatures.is_empty() => signatures.push(text),", unit("platform", "signature")),
    ("the previous secret is not tried", "functions/src/payments/payment_webhook.rs",
     "|| fits(&app.secrets().latest(secret, OVERLAP, now).await?)", "|| app.secrets().latest(secret, OVERLAP, now).await?.len() > 9", it("webhook")),
    # Timers and sweeps.
    ("a failed thing keeps its time", "shared/platform/src/sweep.rs",
     "if let Err(error) = app.store().put_off(job, &key, app.now()).await {", "if let Err(error) = app.store().due(job, 0, app.now(), 1).await {", it("sweeps")),
    ("a bad thing stops those after it", "shared/platform/src/sweep.rs",
     "        tally.failed = tally.failed.saturating_add(1);\n", "        tally.failed = tally.failed.saturating_add(1);\n        break;\n        #[expect(unreachable_code, reason = \"planted\")]\n", it("sweeps")),
    ("a decline sets no timer", DOMAIN + "subscription.rs",
     "            next_action_at: Some(next.at()),\n            faults: 0,", "            next_action_at: None,\n            faults: 0,", HUNT),
    ("a renewal sets no timer", DOMAIN + "subscription.rs",
     "            next_action_at: Some(period.end),\n            faults: 0,", "            next_action_at: None,\n            faults: 0,", HUNT),
    ("a renewal stays in its period", DOMAIN + "subscription.rs",
     "        let index = self.period.index.saturating_add(ahead);", "        let index = self.period.index.saturating_add(ahead.saturating_sub(1)).max(1);", HUNT),
    ("a stolen card is tried again", DOMAIN + "dunning.rs",
     "            DeclineKind::Hard => None,", "            DeclineKind::Hard => self.schedule(policy).find(|at| *at > self.last_attempt_at),", HUNT),
    ("no end of tries", DOMAIN + "dunning.rs",
     "            .find(|at| *at > self.last_attempt_at && self.is_below_ceiling(*at, policy)),", "            .find(|at| *at >= self.last_attempt_at && self.is_below_ceiling(*at, policy)),", HUNT),
    ("a period is half a second longer", DOMAIN + "anchor.rs",
     "Ok((self.boundary(index)?, self.boundary(next)?))", "Ok((self.boundary(index)?, self.boundary(next)? + jiff::SignedDuration::from_millis(500)))", HUNT),
    ("a failed event is not named", "functions/src/events/dispatch_events.rs",
     "report.batch_item_failures.push(named(record, error)?);", "drop(named(record, error)?);", unit("functions", "events")),
    ("a mail is noted as sent before it is", "functions/src/events/delivery.rs",
     "        app.mailer().send(&to.email, &mail).await?;\n", "        app.mailer().send(&to.email, &mail).await.ok();\n", HUNT),
    # Keys and sessions.
    ("a key for any request", STORE + "claims.rs",
     "if self.fingerprint != key.fingerprint {", "if self.fingerprint.is_empty() {", it("idempotency")),
    ("a lock that ends a moment late", STORE + "claims.rs",
     "ClaimState::InProgress { lock_until, .. } if *lock_until > now => {", "ClaimState::InProgress { lock_until, .. } if lock_until.saturating_add(jiff::SignedDuration::from_secs(9)).is_ok_and(|end| end > now) => {", HUNT),
    ("a replay has another answer", STORE + "claims.rs",
     "            state: ClaimState::Complete { answer },\n            ..self", "            state: ClaimState::Complete { answer: answer.replayed() },\n            ..self", HUNT),
    ("an old refresh token is good", "shared/platform/src/identity/session.rs",
     "if is_last && just_rotated && same_client {", "if just_rotated && same_client || is_last {", HUNT),
    ("a session without end", "shared/platform/src/store/sessions.rs",
     ".expression_attribute_values(\":idle\", since(Session::IDLE))", ".expression_attribute_values(\":idle\", since(Session::LIFE))", it("identity")),
    ("a token without end", "shared/platform/src/identity/access.rs",
     "let holds = self.exp > now", "let holds = self.exp > now.saturating_sub(9_999_999)", unit("platform", "access")),
    ("another's order is found", STORE + "keys.rs",
     "    of_account(account, format!(\"{ORDERS}{order}\"))", "    {\n        let _ = account;\n        Key::new(\"ACCOUNT#all\", format!(\"{ORDERS}{order}\"))\n    }", HUNT),
]
