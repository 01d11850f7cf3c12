//! One list of the API server, kept up to date for ever.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Sender;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::api::Api;
use super::backoff;
use super::failure::Failure;
use super::lines::Line;
use super::object::Object;
use super::selection::Selection;
use crate::backoff::{Backoff, jitter};
use crate::identity::metadata::{Source, Update};

/// A server that has nothing to tell sends a bookmark each minute. After this long without one the
/// connection is taken for dead.
const SILENCE: Duration = Duration::from_secs(150);

/// A list that comes as a stream does not pause for so long. A server that does not know of such
/// streams says nothing where there are no objects.
const LIST_SILENCE: Duration = Duration::from_secs(10);

/// A refusal of a watch is its first event and comes at once; after this long it is none.
const REFUSAL: Duration = Duration::from_secs(2);

/// A watch that ends sooner is no success.
const SHORTEST: Duration = Duration::from_secs(1);

/// What a list is of, and what is told of it.
pub(super) trait Listed {
    type Object: Object + DeserializeOwned + Send;
    type Told: From<Update> + Send;

    fn is(&mut self, object: Self::Object) -> Option<Self::Told>;
    fn is_gone(&mut self, object: Self::Object) -> Option<Self::Told>;
}

/// Nobody takes the updates any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;

pub(super) struct Watch<L: Listed> {
    api: Api,
    source: Source,
    selection: Selection,
    listed: L,
    told: Sender<L::Told>,
    backoff: Backoff,
    /// Where to go on; `None` where a list is needed.
    version: Option<String>,
    lists: Lists,
    /// Objects of the list under way that can't be taken in.
    unread: usize,
    is_away: bool,
}

/// How the server gives lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lists {
    /// As the beginning of a watch: costs the server no memory for the whole of it.
    Streamed,
    /// In pages, by servers before 1.32.
    Paged,
}

/// Why a turn ended.
#[derive(Debug)]
enum Stop {
    Closed,
    Failed(Failure),
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "object", rename_all = "UPPERCASE")]
enum Event<T> {
    Added(T),
    Modified(T),
    Deleted(T),
    Bookmark(T),
    Error(Status),
}

#[derive(Deserialize)]
struct Status {
    code: u16,
}

#[derive(Deserialize)]
struct Page<T> {
    metadata: PageMeta,
    #[serde(default = "Vec::new")]
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageMeta {
    resource_version: Option<String>,
    #[serde(rename = "continue")]
    next: Option<String>,
}

impl<L: Listed> Watch<L> {
    pub(super) fn new(
        api: Api,
        source: Source,
        selection: Selection,
        listed: L,
        told: Sender<L::Told>,
    ) -> Self {
        Self {
            api,
            source,
            selection,
            listed,
            told,
            backoff: backoff(),
            version: None,
            lists: Lists::Streamed,
            unread: 0,
            is_away: false,
        }
    }

    pub(super) async fn run(mut self) -> Closed {
        loop {
            let begun = Instant::now();
            let Err(stop) = self.turn().await;
            let lived = begun.elapsed() >= SHORTEST;
            let Stop::Failed(failure) = stop else {
                return Closed;
            };
            if lived && self.version.is_some() {
                self.backoff.reset();
            }
            if self.fails(failure, lived).await.is_err() || self.told.is_closed() {
                return Closed;
            }
            sleep(self.backoff.next(jitter())).await;
        }
    }

    /// Lists where that is needed and tells of changes until something ends it.
    async fn turn(&mut self) -> Result<std::convert::Infallible, Stop> {
        if self.version.is_none() && self.lists == Lists::Paged {
            self.list().await?;
        }
        self.watch().await
    }

    /// All objects, page by page.
    async fn list(&mut self) -> Result<(), Stop> {
        self.list_begins().await?;
        let mut next = None;
        loop {
            let page: Page<L::Object> = self.api.ask(self.selection.page(next)?).await?;
            for object in page.items {
                self.tell(|listed| listed.is(object)).await?;
            }
            next = page.metadata.next.filter(|next| !next.is_empty());
            if next.is_none() {
                let version = page.metadata.resource_version;
                return self.list_ends(version.ok_or(Failure::Unreadable)?).await;
            }
        }
    }

    async fn watch(&mut self) -> Result<std::convert::Infallible, Stop> {
        let request = self.selection.watch(self.version.as_deref())?;
        let mut lines = self.api.follow(request).await?;
        let mut patience = match &self.version {
            None => LIST_SILENCE,
            Some(_) if self.is_away => REFUSAL,
            Some(_) => SILENCE,
        };
        if self.version.is_none() {
            self.list_begins().await?;
        }
        loop {
            match timeout(patience, lines.next()).await {
                Ok(line) => self.line(line?.ok_or(Failure::Lost)?).await?,
                Err(_) if self.version.is_none() => return Err(Failure::NotStreamed.into()),
                Err(_) if patience == REFUSAL => {}
                Err(_) => return Err(Failure::Silent.into()),
            }
            if self.version.is_some() {
                patience = SILENCE;
                self.returns().await?;
            }
        }
    }

    async fn line(&mut self, line: Line) -> Result<(), Stop> {
        let event = match &line {
            Line::Whole(bytes) => serde_json::from_slice(bytes).ok(),
            Line::TooLong => None,
        };
        match event {
            Some(event) => self.event(event).await,
            None if self.version.is_none() => {
                self.unread += 1;
                Ok(())
            }
            // What changed can't be known; a list tells.
            None => Err(Failure::Refused(StatusCode::GONE).into()),
        }
    }

    async fn event(&mut self, event: Event<L::Object>) -> Result<(), Stop> {
        let version = match event {
            Event::Added(object) | Event::Modified(object) => {
                let version = object.meta().resource_version.clone();
                self.tell(|listed| listed.is(object)).await?;
                version
            }
            Event::Deleted(object) => {
                let version = object.meta().resource_version.clone();
                self.tell(|listed| listed.is_gone(object)).await?;
                version
            }
            Event::Bookmark(object) => {
                let meta = object.meta();
                let version = meta.resource_version.clone();
                if self.version.is_none() {
                    // One that knows of such streams says where the list ends before all else.
                    if !meta.ends_list() {
                        return Err(Failure::NotStreamed.into());
                    }
                    return self.list_ends(version.ok_or(Failure::Unreadable)?).await;
                }
                version
            }
            Event::Error(status) => {
                let status = StatusCode::from_u16(status.code);
                let failure = status.map_or(Failure::Unreadable, Failure::Refused);
                return Err(failure.into());
            }
        };
        // A list that is not complete can't be gone on from.
        if self.version.is_some() && version.is_some() {
            self.version = version;
        }
        Ok(())
    }

    async fn list_begins(&mut self) -> Result<(), Stop> {
        self.unread = 0;
        self.say(Update::ListBegin(self.source)).await
    }

    async fn list_ends(&mut self, version: String) -> Result<(), Stop> {
        if self.unread > 0 {
            warn!(
                "{}: {} objects are too large or can't be read, and are not known",
                self.selection.path, self.unread
            );
            self.say(Update::Unread(self.unread)).await?;
        }
        self.version = Some(version);
        self.say(Update::ListEnd(self.source)).await?;
        self.is_away = false;
        info!("{}: listed", self.selection.path);
        Ok(())
    }

    /// What a failure means for the next turn. It is told once, until it is over.
    async fn fails(&mut self, failure: Failure, lived: bool) -> Result<(), Stop> {
        match failure {
            // The version is no longer kept.
            Failure::Refused(StatusCode::GONE) if self.version.take().is_some() => {
                // It answers again: the list need not wait as long as another try would.
                if self.is_away {
                    self.backoff.reset();
                }
                return Ok(());
            }
            Failure::NotStreamed
            | Failure::Refused(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
                if self.version.is_none() && self.lists == Lists::Streamed =>
            {
                self.lists = Lists::Paged;
                return Ok(());
            }
            // So ends every watch.
            Failure::Lost | Failure::Silent if lived && self.version.is_some() => return Ok(()),
            _ => {}
        }
        if self.is_away {
            return Ok(());
        }
        self.is_away = true;
        let reason = format!("{}: {failure}", self.selection.path);
        self.say(Update::Away(self.source, reason)).await
    }

    async fn returns(&mut self) -> Result<(), Stop> {
        if self.is_away {
            self.is_away = false;
            info!("{}: watched again", self.selection.path);
            self.say(Update::Back(self.source)).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, what: impl FnOnce(&mut L) -> Option<L::Told>) -> Result<(), Stop> {
        match what(&mut self.listed) {
            Some(told) => self.told.send(told).await.map_err(|_| Stop::Closed),
            None => Ok(()),
        }
    }

    async fn say(&self, update: Update) -> Result<(), Stop> {
        let sent = self.told.send(update.into()).await;
        sent.map_err(|_| Stop::Closed)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
