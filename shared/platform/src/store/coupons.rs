//! Coupons, and how often each account has redeemed one.

use super::item::{Entity, Stored, key_of};
use super::keys::{self, Key, Listed};
use super::updates::AsRead;
use super::{Batch, Page, PageRequest, Store, StoreError, Transaction};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::coupon::{Coupon, CouponCode, CouponTerms, FirstPurchase, Redeemer, Redemptions};
use domain::id::{AccountId, OrderId};
use domain::ledger::LedgerHead;
use domain::order::{Order, OrderStatus};
use jiff::Timestamp;

impl Entity for Coupon {
    const TYPE: &'static str = "coupon";

    fn key(&self) -> Key {
        keys::coupon(&self.terms.code)
    }

    fn listed(&self) -> Option<Listed> {
        Some(keys::listed_coupon(&self.terms.code))
    }
}

impl Entity for Redemptions {
    const TYPE: &'static str = "redemptions";

    fn key(&self) -> Key {
        keys::redemptions(&self.code, self.account)
    }
}

impl Entity for FirstPurchase {
    const TYPE: &'static str = "first_purchase";

    fn key(&self) -> Key {
        keys::first_purchase(self.account)
    }
}

/// The counter both kinds of item have.
const COUNTER: &str = "redemptions";

/// Where it lies what redeeming a coupon depends on.
#[derive(Debug)]
pub struct CouponKeys {
    coupon: Key,
    account: Option<(AccountId, [Key; 3])>,
}

impl CouponKeys {
    /// Of an account, or of a guest.
    pub fn of(code: &CouponCode, account: Option<AccountId>) -> Self {
        let of_account = |account| {
            let (redeemed, head) = (keys::redemptions(code, account), keys::ledger_head(account));
            (account, [redeemed, head, keys::first_purchase(account)])
        };
        Self {
            coupon: keys::coupon(code),
            account: account.map(of_account),
        }
    }

    /// What to read.
    pub fn wanted(&self) -> impl Iterator<Item = Key> {
        let own = self.account.iter().flat_map(|(_, own)| own.clone());
        std::iter::once(self.coupon.clone()).chain(own)
    }

    /// The coupon and who would redeem it, from what was read.
    ///
    /// # Errors
    /// [`StoreError`] when any of it is not what it should be.
    pub fn take(&self, batch: &mut Batch) -> Result<ReadCoupon, StoreError> {
        let coupon = batch.take(&self.coupon)?;
        let Some((account, [redeemed, head, first])) = &self.account else {
            return Ok(ReadCoupon {
                coupon,
                ..ReadCoupon::default()
            });
        };
        let redeemed: Option<Stored<Redemptions>> = batch.take(redeemed)?;
        let head: Option<Stored<LedgerHead>> = batch.take(head)?;
        let redeemer = Redeemer {
            account: *account,
            redemptions: redeemed.as_ref().map_or(0, |it| it.value.redemptions),
            has_paid: head.is_some_and(|head| head.value.has_paid()),
        };
        Ok(ReadCoupon {
            coupon,
            redeemer: Some(redeemer),
            redeemed,
            first: batch.take(first)?,
        })
    }
}

/// A coupon as it was read.
#[derive(Debug, Default)]
pub struct ReadCoupon {
    /// The coupon, if there is one of that code.
    pub coupon: Option<Stored<Coupon>>,
    /// Who would redeem it, if it is known who it is.
    pub redeemer: Option<Redeemer>,
    redeemed: Option<Stored<Redemptions>>,
    first: Option<Stored<FirstPurchase>>,
}

impl ReadCoupon {
    /// AP-80: looks whether an earlier order with a coupon for a first purchase
    /// may still be paid, or was; of any other coupon nothing.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn look_at_first(&mut self, store: &Store) -> Result<(), StoreError> {
        let only = self.coupon.as_ref();
        let only = only.is_some_and(|coupon| coupon.value.first_purchase_only);
        let (Some(first), Some(redeemer), true) = (&self.first, &mut self.redeemer, only) else {
            return Ok(());
        };
        let key = keys::order(first.value.account, first.value.order);
        let mut batch = store.batch(std::slice::from_ref(&key)).await?;
        let order: Option<Stored<Order>> = batch.take(&key)?;
        let stands = order.is_some_and(|order| match order.value.status {
            OrderStatus::Pending | OrderStatus::Paid { .. } | OrderStatus::Refunded { .. } => true,
            OrderStatus::Canceled { .. } | OrderStatus::Expired { .. } => false,
        });
        redeemer.has_paid |= stands;
        Ok(())
    }

    /// Lets an act redeem the coupon once more: refused once it was redeemed as
    /// often as it may be, when it was ended, and when the same account redeems
    /// it, or another one for a first purchase, meanwhile.
    pub fn redeem<R: Copy>(&self, act: &mut Transaction<R>, order: OrderId, refusal: R) {
        let (Some(coupon), Some(redeemer)) = (&self.coupon, &self.redeemer) else {
            return;
        };
        let most = (COUNTER, coupon.value.max_redemptions);
        act.raise(&coupon.value.key(), most, &end_of(&coupon.value), refusal);
        let once_more = Redemptions {
            code: coupon.value.terms.code.clone(),
            account: redeemer.account,
            redemptions: redeemer.redemptions.saturating_add(1),
        };
        let read = self.redeemed.as_ref().map(|read| read.version);
        act.upsert(read, &once_more, refusal);
        if coupon.value.first_purchase_only {
            let account = redeemer.account;
            let read = self.first.as_ref().map(|read| read.version);
            act.upsert(read, &FirstPurchase { account, order }, refusal);
        }
    }
}

/// When a coupon ends, as it was read.
fn end_of(coupon: &Coupon) -> AsRead<'static> {
    AsRead {
        attribute: "ends_at",
        value: coupon.ends_at.map(|end| end.to_string()),
    }
}

/// Lets an act end a coupon, however often it is redeemed meanwhile; refused
/// when another one ended it, or it is not at the version that is named.
pub fn end<R: Copy>(
    act: &mut Transaction<R>,
    read: &Coupon,
    ends_at: Timestamp,
    version: Option<u64>,
    refusal: R,
) {
    let (before, ends_at) = (end_of(read), ends_at.to_string());
    act.set_from(&read.key(), (&before, &ends_at), version, refusal);
}

/// Lets an act that ends an unpaid order give its coupon back.
pub fn give_back<R: Copy>(act: &mut Transaction<R>, order: &Order, refusal: R) {
    if let Some(CouponTerms { code, .. }) = &order.coupon {
        act.lower(&keys::coupon(code), COUNTER, refusal);
        act.lower(&keys::redemptions(code, order.account), COUNTER, refusal);
    }
}

impl Store {
    /// AP-78: a coupon.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn coupon(&self, code: &CouponCode) -> Result<Option<Stored<Coupon>>, StoreError> {
        self.get(&keys::coupon(code)).await
    }

    /// AP-79: all coupons, by their codes. One made within the last moments may
    /// not be among them yet: the index lags behind.
    ///
    /// # Errors
    /// [`StoreError`] when any of them cannot be read.
    pub async fn coupons(&self, page: &PageRequest) -> Result<Page<Coupon>, StoreError> {
        let codes = self.listed_codes(page).await?;
        let next = codes.next;
        let keys: Vec<Key> = codes.keys;
        let mut batch = self.batch(&keys).await?;
        let mut items = Vec::with_capacity(keys.len());
        for key in &keys {
            items.extend(batch.take(key)?);
        }
        Ok(Page { items, next })
    }

    /// The keys of a page of coupons. It is asked on from a code and not from a
    /// key of the index, so that a page may begin anywhere.
    async fn listed_codes(&self, page: &PageRequest) -> Result<Codes, StoreError> {
        let limit = usize::try_from(page.limit).unwrap_or(100);
        let after = page.after.clone().unwrap_or_else(|| " ".to_owned());
        let mut keys = Vec::new();
        let mut start = None;
        loop {
            let got = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("list")
                .key_condition_expression("list_pk = :pk AND list_sk > :after")
                .expression_attribute_values(":pk", AttributeValue::S(keys::COUPONS.to_owned()))
                .expression_attribute_values(":after", AttributeValue::S(after.clone()))
                .set_exclusive_start_key(start.take())
                .limit(i32::try_from(limit.saturating_sub(keys.len())).unwrap_or(100))
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("Query list", error))?;
            keys.extend(got.items.unwrap_or_default().iter().filter_map(key_of));
            start = got.last_evaluated_key;
            if start.is_none() || keys.len() >= limit {
                let last = start.as_ref().and_then(|key| key.get("list_sk"));
                let next = last.and_then(|code| code.as_s().ok().cloned());
                return Ok(Codes { keys, next });
            }
        }
    }
}

/// The keys of some coupons, and after which code the list goes on.
struct Codes {
    keys: Vec<Key>,
    next: Option<String>,
}
