//! Reviews: what somebody may do, asked as a create of an object that is never stored.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/authorization`, `pkg/registry/authentication/selfsubjectreview`,
//! `pkg/apis/authorization/validation`.

use super::Access;
use super::objects::UserObjects;
use super::selectors::wrong_selectors;
use crate::service::Subresource;
use kube_core::error::{ApiError, FieldError, FieldPath, ShownAsJson};
use kube_core::kinds::authentication::v1::{SelfSubjectReview, SelfSubjectReviewStatus, UserInfo};
use kube_core::kinds::authorization::v1::{
    LocalSubjectAccessReview, NonResourceAttributes, NonResourceRule, ResourceAttributes, ResourceRule,
    SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview, SubjectAccessReviewSpec,
    SubjectAccessReviewStatus, SubjectRulesReviewStatus,
};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::kinds::rbac::v1::PolicyRule;
use kube_core::rbac::{Attributes, Target, User};
use kube_core::resource::{KindInfo, Resource};
use kube_core::view::{DecodeError, RawObject};
use serde_json::Value;

/// A question that is asked as a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Review {
    /// What anybody may do anywhere.
    Subject,
    /// What anybody may do in one namespace.
    Local,
    /// What the user may do.
    Own,
    /// All that the user may do in a namespace.
    OwnRules,
    /// Who the user is.
    OwnName,
}

impl Review {
    /// The question that creates of the kind ask; `None` for kinds that are stored.
    pub(super) fn of(kind: &KindInfo) -> Option<Self> {
        match (&*kind.group, &*kind.plural) {
            ("authorization.k8s.io", "subjectaccessreviews") => Some(Self::Subject),
            ("authorization.k8s.io", "localsubjectaccessreviews") => Some(Self::Local),
            ("authorization.k8s.io", "selfsubjectaccessreviews") => Some(Self::Own),
            ("authorization.k8s.io", "selfsubjectrulesreviews") => Some(Self::OwnRules),
            ("authentication.k8s.io", "selfsubjectreviews") => Some(Self::OwnName),
            _ => None,
        }
    }
}

impl Access {
    /// Whether a user may do what a `SubjectAccessReview` asks, and why.
    ///
    /// # Errors
    /// What the service answers.
    ///
    /// ```
    /// use kube_core::kinds::authorization::v1::SubjectAccessReviewSpec;
    /// use kube_store::{objects::Objects, rt, service::Access, storage::MemoryStorage};
    /// use serde_json::{from_value, json};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    /// # runtime.block_on(async {
    /// let access = Access::new(Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env()));
    /// let asked: SubjectAccessReviewSpec = from_value(json!({
    ///     "user": "ann", "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "shop"},
    /// }))?;
    /// assert!(!access.review(&asked).await?.allowed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn review(
        &self,
        asked: &SubjectAccessReviewSpec,
    ) -> Result<SubjectAccessReviewStatus, ApiError> {
        let user =
            User::new(asked.user.as_deref().unwrap_or_default(), asked.groups.clone().unwrap_or_default());
        let (resource, path) = (asked.resource_attributes.as_ref(), asked.non_resource_attributes.as_ref());
        self.decide(&user, resource, path).await
    }

    async fn decide(
        &self,
        user: &User,
        resource: Option<&ResourceAttributes>,
        path: Option<&NonResourceAttributes>,
    ) -> Result<SubjectAccessReviewStatus, ApiError> {
        let asked = attributes(user, resource, path);
        let mut answer = SubjectAccessReviewStatus { allowed: true, ..SubjectAccessReviewStatus::default() };
        if super::is_privileged(user) {
            return Ok(answer);
        }
        let mut index = self.index.lock().await;
        let policy = index.catch_up(&*self.service).await?;
        answer.reason = if let Some(grant) = policy.authorize(&asked) {
            Some(format!("RBAC: allowed by {grant}"))
        } else {
            answer.allowed = false;
            self.explains.then(|| policy.explain(&asked).to_string())
        };
        Ok(answer)
    }
}

fn attributes<'a>(
    user: &'a User,
    resource: Option<&'a ResourceAttributes>,
    path: Option<&'a NonResourceAttributes>,
) -> Attributes<'a> {
    let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
    match resource {
        Some(asked) => Attributes {
            user,
            verb: text(&asked.verb),
            target: Target::Resource {
                namespace: text(&asked.namespace),
                group: text(&asked.group),
                resource: text(&asked.resource),
                subresource: text(&asked.subresource),
                name: text(&asked.name),
            },
        },
        None => Attributes {
            user,
            verb: path.and_then(|asked| asked.verb.as_deref()).unwrap_or_default(),
            target: Target::Path(path.and_then(|asked| asked.path.as_deref()).unwrap_or_default()),
        },
    }
}

impl UserObjects {
    /// Answers a review. What the user may do themselves everybody may ask, as the role `system:basic-user` of every
    /// cluster says.
    pub(super) async fn review(
        &self,
        review: Review,
        kind: &KindInfo,
        namespace: &str,
        object: &Value,
    ) -> Result<RawObject, ApiError> {
        if matches!(review, Review::Subject | Review::Local) {
            self.ask("create", kind, (namespace, ""), Subresource::Main).await?;
        }
        let answer = match review {
            Review::Subject => self.review_subject(kind, read(object)?).await?.to_json_value(),
            Review::Local => self.review_local(kind, namespace, read(object)?).await?.to_json_value(),
            Review::Own => self.review_own(kind, read(object)?).await?.to_json_value(),
            Review::OwnRules => self.review_own_rules(read(object)?).await?.to_json_value(),
            Review::OwnName => self.review_own_name(read(object)?).to_json_value(),
        };
        answer.and_then(RawObject::from_value).map_err(ApiError::internal)
    }

    async fn review_subject(
        &self,
        kind: &KindInfo,
        mut review: SubjectAccessReview,
    ) -> Result<SubjectAccessReview, ApiError> {
        let mut errors = wrong_spec(&review.spec);
        errors.extend(unwanted_meta(&review.metadata, "must be empty"));
        refuse(kind, &errors)?;
        review.status = Some(self.access.review(&review.spec).await?);
        Ok(review)
    }

    async fn review_local(
        &self,
        kind: &KindInfo,
        namespace: &str,
        mut review: LocalSubjectAccessReview,
    ) -> Result<LocalSubjectAccessReview, ApiError> {
        let own = review.metadata.namespace.get_or_insert_with(|| namespace.to_owned()).clone();
        let mut errors = wrong_spec(&review.spec);
        let bare = ObjectMeta { namespace: None, ..review.metadata.clone() };
        errors.extend(unwanted_meta(&bare, "must be empty except for namespace"));
        let path = FieldPath::new("spec");
        if let Some(asked) = &review.spec.resource_attributes {
            let asked = asked.namespace.as_deref().unwrap_or_default();
            let path = path.child("resourceAttributes").child("namespace");
            let detail = "must match metadata.namespace";
            errors.extend((asked != own).then(|| FieldError::invalid(&path, asked, detail)));
        }
        if let Some(asked) = &review.spec.non_resource_attributes {
            let detail = "disallowed on this kind of request";
            let path = path.child("nonResourceAttributes");
            errors.push(FieldError::invalid(&path, ShownAsJson(asked), detail));
        }
        refuse(kind, &errors)?;
        if namespace.is_empty() {
            return Err(ApiError::bad_request("namespace is required on this type: "));
        }
        if namespace != own {
            let text = format!("spec.resourceAttributes.namespace must match namespace: {namespace}");
            return Err(ApiError::bad_request(text));
        }
        review.status = Some(self.access.review(&review.spec).await?);
        Ok(review)
    }

    async fn review_own(
        &self,
        kind: &KindInfo,
        mut review: SelfSubjectAccessReview,
    ) -> Result<SelfSubjectAccessReview, ApiError> {
        let (resource, path) =
            (review.spec.resource_attributes.as_ref(), review.spec.non_resource_attributes.as_ref());
        let mut errors = wrong_attributes(resource, path);
        errors.extend(resource.into_iter().flat_map(wrong_selectors));
        errors.extend(unwanted_meta(&review.metadata, "must be empty"));
        refuse(kind, &errors)?;
        review.status = Some(self.access.decide(&self.user, resource, path).await?);
        Ok(review)
    }

    async fn review_own_rules(
        &self,
        mut review: SelfSubjectRulesReview,
    ) -> Result<SelfSubjectRulesReview, ApiError> {
        let namespace = review.spec.namespace.as_deref().unwrap_or_default();
        if namespace.is_empty() {
            return Err(ApiError::bad_request("no namespace on request"));
        }
        let rules = self.access.rules_for(&self.user, namespace).await?;
        review.status = Some(listed(rules));
        Ok(review)
    }

    fn review_own_name(&self, mut review: SelfSubjectReview) -> SelfSubjectReview {
        let info = UserInfo {
            username: Some(self.user.name.clone()),
            groups: Some(self.user.groups.clone()),
            ..UserInfo::default()
        };
        review.status = Some(SelfSubjectReviewStatus { user_info: Some(info) });
        review
    }
}

fn read<K: Resource>(object: &Value) -> Result<K, ApiError> {
    K::from_json_value(object).map_err(|error: DecodeError| ApiError::bad_request(error.to_string()))
}

fn refuse(kind: &KindInfo, errors: &[FieldError]) -> Result<(), ApiError> {
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(&kind.group, &kind.kind, "", errors)) }
}

/// Source: `ValidateSubjectAccessReviewSpec`.
fn wrong_spec(spec: &SubjectAccessReviewSpec) -> Vec<FieldError> {
    let (resource, path) = (spec.resource_attributes.as_ref(), spec.non_resource_attributes.as_ref());
    let mut errors = wrong_attributes(resource, path);
    let user = spec.user.as_deref().unwrap_or_default();
    if user.is_empty() && spec.groups.as_ref().is_none_or(Vec::is_empty) {
        let path = FieldPath::new("spec").child("user");
        errors.push(FieldError::invalid(&path, user, "at least one of user or group must be specified"));
    }
    errors.extend(resource.into_iter().flat_map(wrong_selectors));
    errors
}

/// What both reviews of one request share.
///
/// Source: `ValidateSelfSubjectAccessReviewSpec`.
fn wrong_attributes(
    resource: Option<&ResourceAttributes>,
    path: Option<&NonResourceAttributes>,
) -> Vec<FieldError> {
    let spec = FieldPath::new("spec");
    let (at, detail) = match (resource, path) {
        (Some(_), Some(_)) => {
            ("nonResourceAttributes", "cannot be specified in combination with resourceAttributes")
        }
        (None, None) => (
            "resourceAttributes",
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        ),
        _ => return Vec::new(),
    };
    vec![FieldError::invalid(&spec.child(at), ShownAsJson(&path), detail)]
}

fn unwanted_meta(meta: &ObjectMeta, detail: &str) -> Option<FieldError> {
    let bare = ObjectMeta { managed_fields: None, ..meta.clone() };
    let path = FieldPath::new("metadata");
    (bare != ObjectMeta::default()).then(|| FieldError::invalid(&path, ShownAsJson(meta), detail))
}

/// Rules as a review lists them: those of objects, and those of paths.
///
/// Source: `k8s.io/apiserver/pkg/authorization/authorizer` (`RulesFor` of `plugin/pkg/auth/authorizer/rbac`).
fn listed(rules: Vec<PolicyRule>) -> SubjectRulesReviewStatus {
    let mut status = SubjectRulesReviewStatus::default();
    for rule in rules {
        if rule.resources.as_ref().is_some_and(|resources| !resources.is_empty()) {
            status.resource_rules.push(ResourceRule {
                api_groups: rule.api_groups,
                resource_names: rule.resource_names,
                resources: rule.resources,
                verbs: rule.verbs.clone(),
            });
        }
        if rule.non_resource_urls.as_ref().is_some_and(|urls| !urls.is_empty()) {
            status
                .non_resource_rules
                .push(NonResourceRule { non_resource_urls: rule.non_resource_urls, verbs: rule.verbs });
        }
    }
    status
}
