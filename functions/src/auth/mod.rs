//! Registration, login and sessions.

pub mod jwks;
pub mod login;
pub mod logout;
pub mod refresh_session;
pub mod register;
pub mod resend_verification;
pub mod session_tokens;
pub mod verify_email;
