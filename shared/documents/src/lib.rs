//! Invoices and credit notes as documents: a PDF for people, with the same
//! invoice for machines in it, as Factur-X prescribes (profile EN 16931: the
//! XML is UN/CEFACT Cross Industry Invoice, the PDF is PDF/A-3b).
//!
//! A document is drawn from the invoice as it stands and from who sells by the
//! settings, and the same of both always gives the same bytes: nothing here
//! knows what time it is.

mod cii;
mod document;
mod factur_x;
mod page;
mod pdf;
#[cfg(test)]
#[path = "../examples/samples/samples.rs"]
mod samples;
#[cfg(test)]
mod tests;

// The samples name this crate as others do.
#[cfg(test)]
extern crate self as documents;

pub use cii::cii;
pub use document::{Document, DocumentError};
pub use pdf::pdf;
