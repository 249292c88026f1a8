//! A whole good history, and each way to break it.

mod broken_money;
mod broken_people;
mod broken_rest;
mod broken_terms;
mod buying;
mod good;
mod history;
mod makers;
mod refunding;
mod renewing;
