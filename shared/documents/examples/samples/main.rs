//! Writes one PDF of every kind into a folder, each with what must be in it:
//! for `tools/check_documents.py`, and for looking at.

mod samples;

use documents::pdf;
use serde_json::json;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("usage: samples FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    for sample in samples::samples()? {
        let document = sample.document().ok_or("a draft")?;
        let expected = json!({
            "file": document.file_name(),
            "net": sample.invoice.totals.net.plain(),
            "total": sample.invoice.totals.total.plain(),
            "due": sample.invoice.amount_due().plain(),
            "shown": sample.shown(),
            "lines": sample.invoice.lines.len(),
        });
        let path = |ending: &str| folder.join(format!("{}.{ending}", sample.name));
        std::fs::write(path("pdf"), pdf(&document)?)?;
        std::fs::write(path("json"), expected.to_string())?;
    }
    Ok(())
}
