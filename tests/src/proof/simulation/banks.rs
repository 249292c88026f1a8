//! What happens to captured money at the provider without the shop: card
//! holders dispute it, banks decide, somebody gives it back by hand.

use super::play::Stand;
use serde_json::Value;

impl Stand {
    /// One of the captures there are, counted from the last.
    fn capture(&self, back: usize) -> Option<Value> {
        let book = self.shop.cloud.simulator().book();
        let captured = book["payments"].as_array().unwrap().iter().rev();
        let mut captured = captured.filter(|it| it["status"] == "succeeded");
        captured.nth(back).cloned()
    }

    pub(super) fn dispute(&self, back: usize, inquiry: bool) {
        if let Some(payment) = self.capture(back) {
            let (simulator, now) = (self.shop.cloud.simulator(), self.shop.cloud.now());
            // What was given back, or is disputed, is not disputed again.
            let _ = simulator.dispute(now, payment["id"].as_str().unwrap(), inquiry);
        }
    }

    pub(super) fn send_evidence(&self) {
        let book = self.shop.cloud.simulator().book();
        let mut disputes = book["disputes"].as_array().unwrap().iter();
        let over = ["warning_closed", "won", "lost"];
        let open = disputes.find(|it| over.iter().all(|state| it["status"] != *state));
        if let Some(dispute) = open {
            let id = dispute["id"].as_str().unwrap();
            self.shop.send_evidence(id, "a+letter");
        }
    }

    pub(super) fn decide(&self, won: bool) {
        let (simulator, now) = (self.shop.cloud.simulator(), self.shop.cloud.now());
        let book = simulator.book();
        let mut disputes = book["disputes"].as_array().unwrap().iter();
        disputes.any(|it| simulator.decide_dispute(now, it["id"].as_str().unwrap(), won));
    }

    pub(super) fn give_back_by_hand(&self, back: usize, percent: u64) {
        let Some(payment) = self.capture(back) else {
            return;
        };
        let whole = payment["amount"].as_u64().unwrap();
        let left = whole - payment["refundedAmount"].as_u64().unwrap();
        let cents = (whole * percent / 100).clamp(1, left.max(1));
        let id = payment["id"].as_str().unwrap();
        // Refused where nothing is left, or a bank decides.
        let form = format!("payment_intent={id}&amount={cents}");
        self.shop.ask_provider("/v1/refunds", form);
    }
}
