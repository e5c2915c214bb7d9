//! The adapters of a batch, row by row.

use std::sync::Arc;

use crate::kernels::{Level, add_projected, project};

use super::{Adapter, Module};
use crate::model::RaggedBatch;

/// A place in a layer where one row of activations meets one matrix or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Site {
    Attention,
    Output,
    FeedForward,
    Down,
}

impl Site {
    const fn modules(self) -> &'static [Module] {
        match self {
            Self::Attention => &[Module::Query, Module::Key, Module::Value],
            Self::Output => &[Module::Output],
            Self::FeedForward => &[Module::Gate, Module::Up],
            Self::Down => &[Module::Down],
        }
    }
}

/// Which row has which adapter.
#[derive(Debug, Default)]
pub(in crate::model) struct AdapterRows {
    adapters: Vec<Arc<Adapter>>,
    /// Per row, its place in `adapters`. Empty where no row has one.
    of_row: Vec<Option<usize>>,
    rank: usize,
}

impl AdapterRows {
    /// Those of a batch.
    pub(in crate::model) fn of(batch: &RaggedBatch) -> Self {
        let mut rows = Self::default();
        if batch.sequences.iter().all(|slice| slice.adapter.is_none()) {
            return rows;
        }
        for slice in &batch.sequences {
            let place = slice.adapter.as_ref().map(|own| rows.place(own));
            rows.of_row
                .extend(std::iter::repeat_n(place, slice.tokens.len()));
        }
        rows.rank = rows.adapters.iter().map(|own| own.rank).max().unwrap_or(0);
        rows
    }

    fn place(&mut self, adapter: &Arc<Adapter>) -> usize {
        let known = self
            .adapters
            .iter()
            .position(|own| Arc::ptr_eq(own, adapter));
        known.unwrap_or_else(|| {
            self.adapters.push(Arc::clone(adapter));
            self.adapters.len() - 1
        })
    }

    /// Keeps only the rows `wanted`, which are in order.
    pub(in crate::model) fn keep(&mut self, wanted: &[usize]) {
        if !self.of_row.is_empty() {
            self.of_row = wanted
                .iter()
                .map(|row| self.of_row.get(*row).copied().flatten())
                .collect();
        }
    }

    /// Values that a row needs at `site` between [`AdapterRows::project`] and [`AdapterRows::add`]; 0 where no
    /// row has an adapter.
    pub(in crate::model) fn width(&self, site: Site) -> usize {
        self.rank * site.modules().len()
    }

    /// The first half, from a row of activations: into `low`, which is [`AdapterRows::width`] wide.
    pub(in crate::model) fn project(
        &self,
        level: Level,
        (layer, site, row): (usize, Site, usize),
        x: &[f32],
        low: &mut [f32],
    ) {
        let Some(adapter) = self.adapter(row) else {
            return;
        };
        let parts = low.chunks_exact_mut(self.rank.max(1));
        for (module, part) in site.modules().iter().zip(parts) {
            if let Some(own) = adapter.of(layer, *module) {
                project(level, x, &own.down, &mut part[..own.rank]);
            }
        }
    }

    /// The second half: adds to a row of products with `module`.
    pub(in crate::model) fn add(
        &self,
        level: Level,
        (layer, site, row): (usize, Site, usize),
        module: Module,
        low: &[f32],
        products: &mut [f32],
    ) {
        let own = self
            .adapter(row)
            .and_then(|adapter| adapter.of(layer, module));
        let Some(own) = own else {
            return;
        };
        let modules = site
            .modules()
            .iter()
            .zip(low.chunks_exact(self.rank.max(1)));
        for (_, part) in modules.filter(|(at, _)| **at == module) {
            add_projected(level, &part[..own.rank], &own.up, products);
        }
    }

    fn adapter(&self, row: usize) -> Option<&Adapter> {
        let place = self.of_row.get(row).copied().flatten()?;
        self.adapters.get(place).map(Arc::as_ref)
    }
}
