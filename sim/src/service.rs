//! How long requests of a model execute on a GPU type: a law, and what the shape of a request makes of it.

use std::sync::Arc;

use crate::block::BLOCK;
use crate::law::{Law, ReadyLaw};
use crate::quantile::Quantile;
use crate::quantities::SimSpan;
use crate::request::{Luck, Request};
use crate::shape::Work;

/// The service time of a model on a GPU type. The one place that knows how long a request executes.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The service time of a request with the reference shape.
    pub law: Law,
    /// What other shapes make of it; `None` where all requests have the reference shape.
    pub work: Option<Arc<Work>>,
}

impl From<Law> for Service {
    fn from(law: Law) -> Self {
        Self { law, work: None }
    }
}

impl From<&Law> for Service {
    fn from(law: &Law) -> Self {
        Self::from(*law)
    }
}

impl From<&Service> for Service {
    fn from(service: &Service) -> Self {
        service.clone()
    }
}

impl Service {
    /// The service time of a request at this place of the law and with this luck.
    #[inline]
    #[must_use]
    pub fn span(&self, quantile: Quantile, luck: Luck) -> SimSpan {
        let span = self.law.span(quantile);
        self.work.as_ref().map_or(span, |work| work.applied(span, luck))
    }

    /// A span that none exceeds.
    #[must_use]
    pub fn longest(&self) -> SimSpan {
        let span = self.law.span(Quantile(u32::MAX));
        self.work.as_ref().map_or(span, |work| SimSpan::from_secs_f64(span.as_secs_f64() * work.most()))
    }

    /// What the shape of the request with this luck makes of the service time; 1 for the reference shape.
    #[inline]
    #[must_use]
    pub fn factor(&self, luck: Luck) -> f64 {
        self.work.as_ref().map_or(1.0, |work| work.factor(luck))
    }

    /// The mean in seconds, over all shapes.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        self.law.mean_s() * self.work.as_ref().map_or(1.0, |work| work.mean())
    }

    /// The mean square in seconds squared, over all shapes: law and shape are independent.
    #[must_use]
    pub fn mean_square_s2(&self) -> f64 {
        let (mean_s, cv) = (self.law.mean_s(), self.law.cv());
        mean_s * mean_s * (1.0 + cv * cv) * self.work.as_ref().map_or(1.0, |work| work.mean_square())
    }

    /// The coefficient of variation over all shapes. Zero for a service time that is always zero.
    #[must_use]
    pub fn cv(&self) -> f64 {
        let Some(work) = &self.work else { return self.law.cv() };
        let (of_law, mean) = (1.0 + self.law.cv().powi(2), work.mean());
        (of_law * work.mean_square() / (mean * mean) - 1.0).max(0.0).sqrt()
    }

    /// Made ready for many requests: once, for all trials.
    #[must_use]
    pub fn ready(&self) -> ReadyService {
        ReadyService { service: self.clone(), law: self.law.ready() }
    }
}

/// A service time that many requests ask for. Copies share what took long to make, see [`ReadyLaw`].
#[derive(Debug, Clone)]
pub struct ReadyService {
    service: Service,
    law: ReadyLaw,
}

impl From<Law> for ReadyService {
    fn from(law: Law) -> Self {
        Service::from(law).ready()
    }
}

impl ReadyService {
    /// The service time itself.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The service times of at most [`BLOCK`] requests, in their order.
    ///
    /// # Panics
    /// If there are more, or `spans` has another length.
    pub(crate) fn fill_spans(&self, requests: &[Request], spans: &mut [SimSpan]) {
        let mut quantiles = [Quantile::default(); BLOCK];
        let quantiles = &mut quantiles[..requests.len()];
        for (quantile, request) in quantiles.iter_mut().zip(requests) {
            *quantile = request.quantile;
        }
        self.law.fill_spans(quantiles, spans);
        if let Some(work) = &self.service.work {
            for (span, request) in spans.iter_mut().zip(requests) {
                *span = work.applied(*span, request.luck);
            }
        }
    }
}
