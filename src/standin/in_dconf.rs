//! A service that keeps in dconf what a backend changes.

use async_trait::async_trait;

use super::{
    Dconf, Fault, StandIn,
    served::{Served, Service},
};

/// The service, and dconf's writer beside it; they come and go together.
#[derive(Debug)]
pub struct InDconf<S> {
    /// What it keeps.
    pub dconf: Dconf,
    pub(super) served: Served<S>,
}

#[async_trait]
impl<S: Service> StandIn for InDconf<S> {
    async fn state(&self) -> String {
        self.dconf.state().await
    }

    async fn person_changes(&self) {
        self.dconf.person_changes().await;
    }

    async fn fault(&self, fault: Fault) {
        self.served.fault(fault);
        self.dconf.fault(fault).await;
    }

    async fn stop(&mut self) {
        self.served.leave().await;
        self.dconf.stop().await;
    }

    async fn start(&mut self) {
        StandIn::start(&mut self.dconf).await;
        if let Err(error) = self.served.comes_back().await {
            tracing::warn!(%error, "a stand-in could not come back");
        }
    }
}
