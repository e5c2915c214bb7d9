//! Tiny random checkpoints in safetensors against `transformers` in double precision
//! (`tests/golden/make_checkpoints.py`).

use std::path::Path;

use bailiwick::model::{load, open_path};
use candle_core::Device;

const FOLDER: &str = "tests/data/golden/checkpoints";

#[test]
fn checkpoints_compute_what_transformers_does() {
    let load = |name: &str, threads| {
        let source = open_path(&Path::new(FOLDER).join(name)).unwrap();
        load(&*source, &Device::Cpu, threads).unwrap()
    };
    super::tiny::check(&format!("{FOLDER}/logits.json"), 11, load);
}
