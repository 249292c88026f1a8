//! Why a coupon cannot be redeemed.

/// Why a coupon cannot be redeemed, in the order the reasons are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CouponRefusal {
    /// There is none of that code, or it is for another customer.
    #[error("there is no such coupon")]
    Unknown,
    /// It is an amount in another currency.
    #[error("the coupon is in another currency")]
    CurrencyMismatch,
    /// Its time has not come; its start is inclusive.
    #[error("the coupon cannot be redeemed yet")]
    NotStarted,
    /// Its time is over; its end is exclusive.
    #[error("the coupon cannot be redeemed any more")]
    Expired,
    /// It was redeemed as often as it may be.
    #[error("the coupon was redeemed as often as it may be")]
    Exhausted,
    /// This customer redeemed it as often as one may.
    #[error("this customer redeemed the coupon before")]
    CustomerLimit,
    /// This customer has paid for something before.
    #[error("the coupon is for a first purchase")]
    FirstPurchaseOnly,
    /// It takes nothing off what is bought.
    #[error("the coupon takes nothing off these products")]
    NotApplicable,
}
