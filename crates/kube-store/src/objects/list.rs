//! Lists: from the cache where any page-less revision will do, from the store where a revision is pinned.

use super::Objects;
use super::errors::api_error;
use super::plan::object;
use super::registry::Served;
use super::strategy::FieldTree;
use super::token::Token;
use crate::cache::Filter;
use crate::service::{ListQuery, RawList};
use crate::storage::{Continue, KeyRange, ListOptions, ReadAt, Revision};
use futures::future::poll_immediate;
use kube_core::error::ApiError;
use kube_core::resource::KindInfo;
use kube_core::view::RawObject;
use std::sync::Arc;

/// Values read from the store at a time when a filter may drop most of them.
const CHUNK: usize = 500;

/// What an expired page says.
const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

impl Objects {
    pub(super) async fn list_objects(&self, kind: &KindInfo, query: &ListQuery) -> Result<RawList, ApiError> {
        let served = self.kinds.served(kind)?;
        if let Some(provider) = &served.provider {
            return self.provided_list(&served, provider, query).await;
        }
        if query.continue_token.is_some() && query.at != ReadAt::Latest {
            return Err(ApiError::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let filter = Filter::new(&query.selection, served.fields())?;
        if query.limit > 0 || query.continue_token.is_some() {
            return self.list_page(&served, query, &filter).await;
        }
        match query.at {
            ReadAt::Exactly(_) => self.list_page(&served, query, &filter).await,
            ReadAt::Latest => self.list_newest(&served, &filter).await,
            ReadAt::AtLeast(revision) => {
                let current = self.storage.current().await.map_err(|e| api_error(&e))?;
                if revision > current {
                    // The store decides how long to wait for it.
                    return self.list_page(&served, query, &filter).await;
                }
                self.list_cached(&served, &filter, revision).await
            }
            ReadAt::Any => self.list_cached(&served, &filter, Revision::ZERO).await,
        }
    }

    /// A list at the newest revision. While a store that is far away is asked for that, the list is made of what is
    /// here: mostly it turns out to be the newest.
    async fn list_newest(&self, served: &Arc<Served>, filter: &Filter) -> Result<RawList, ApiError> {
        let mut asking = self.storage.current();
        let (current, early) = if let Some(current) = poll_immediate(&mut asking).await {
            (current, None)
        } else {
            let early = self.cache(served).list_if_at(filter, self.storage.status().head);
            (asking.await, early)
        };
        let current = current.map_err(|e| api_error(&e))?;
        match early {
            Some((items, revision)) if revision >= current => Ok(listed(items, revision)),
            _ => self.list_cached(served, filter, current).await,
        }
    }

    async fn list_cached(
        &self,
        served: &Arc<Served>,
        filter: &Filter,
        at_least: Revision,
    ) -> Result<RawList, ApiError> {
        let cache = self.cache(served);
        cache.fresh(at_least).await?;
        let (items, revision) = cache.list(filter);
        Ok(listed(items, revision))
    }

    async fn list_page(
        &self,
        served: &Arc<Served>,
        query: &ListQuery,
        filter: &Filter,
    ) -> Result<RawList, ApiError> {
        let range = match filter.namespace() {
            Some(namespace) => KeyRange::prefix(format!("{}{namespace}/", served.prefix)),
            None => KeyRange::prefix(served.prefix.clone()),
        };
        let fields = FieldTree::new(served.fields());
        let token = query.continue_token.as_deref().map(Token::decode).transpose()?;
        let mut next = token.as_ref().map(|token| resume(served, &range, token)).transpose()?;
        let mut list =
            RawList { items: Vec::new(), revision: Revision::ZERO, continue_token: None, remaining: None };
        loop {
            let room = query.limit.saturating_sub(list.items.len());
            // With a filter a page of the store may hold anything from all to nothing of what is wanted.
            let limit =
                if query.limit == 0 { 0 } else { room.max(if filter.is_everything() { 1 } else { CHUNK }) };
            let options = ListOptions { at: query.at, limit, continue_from: next.take() };
            let page = match self.storage.list(&range, &options).await {
                Ok(page) => page,
                Err(error) => return Err(expired(api_error(&error), token.as_ref())),
            };
            list.revision = page.revision;
            let count = page.items.len();
            for (index, kv) in page.items.iter().enumerate() {
                let item = object(kv.value.clone(), kv.mod_revision)?;
                if !filter.matches_object(&item, &fields) {
                    continue;
                }
                list.items.push(item);
                let more = index + 1 < count || page.next.is_some();
                if query.limit > 0 && list.items.len() == query.limit && more {
                    let start = format!("{}\0", &kv.key.as_str()[served.prefix.len()..]);
                    let revision = i64::try_from(page.revision.get()).unwrap_or(i64::MAX);
                    list.continue_token = Some(Token::new(revision, &start).encode());
                    list.remaining = filter.is_everything().then_some(page.remaining);
                    return Ok(list);
                }
            }
            match page.next {
                Some(place) => next = Some(place),
                None => return Ok(list),
            }
        }
    }
}

/// All of a list.
fn listed(items: Vec<RawObject>, revision: Revision) -> RawList {
    RawList { items, revision, continue_token: None, remaining: None }
}

/// Where a token says to go on.
fn resume(served: &Served, range: &KeyRange, token: &Token) -> Result<Continue, ApiError> {
    let start = format!("{}{}", served.prefix, token.start);
    if !range.contains(&start.as_str().into()) {
        return Err(ApiError::bad_request("continue key is not valid: it belongs to another list"));
    }
    let revision = u64::try_from(token.revision).map_or(Revision::ZERO, Revision::new);
    Ok(Continue { revision, start: start.into() })
}

/// An expired page tells how to go on at the newest revision.
fn expired(error: ApiError, token: Option<&Token>) -> ApiError {
    match token {
        Some(token) if error.is_expired() => {
            let mut error = ApiError::expired(EXPIRED);
            error.continue_token = Some(Token::new(-1, &token.start).encode());
            error
        }
        _ => error,
    }
}
