//! Why something is allowed, or what comes nearest.

use super::attributes::Attributes;
use super::binding::{Binding, Grant};
use super::policy::{Policy, in_order};
use super::rule::{compact_string, lacks};
use super::scope::Scope;
use crate::error::quoted;
use crate::kinds::rbac::v1::PolicyRule;
use std::fmt;

/// Why something is allowed or not. `Display` tells it in a sentence.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The question, in the words of a refusal.
    pub question: String,
    /// What allows it, or what comes nearest.
    pub answer: Answer,
    /// Bindings of the user's whose role does not exist.
    pub dangling: Vec<String>,
}

/// What allows something, or what comes nearest.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// This rule of this binding allows it.
    Allowed {
        /// The binding, its role and subject.
        by: String,
        /// The rule.
        rule: PolicyRule,
    },
    /// Nothing allows it. The rule that lacks least, if there is any rule at all.
    Denied(Option<Nearest>),
}

/// A rule that does not allow what was asked, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Nearest {
    /// The binding and its role.
    pub binding: String,
    /// The rule.
    pub rule: PolicyRule,
    /// What is missing, at least one thing.
    pub lacks: Vec<Lack>,
}

/// What keeps a rule from allowing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Lack {
    /// The rule is not about the verb.
    Verb,
    /// The rule is about other objects of the resource.
    ResourceName,
    /// The rule is about other API groups.
    ApiGroup,
    /// The rule is about other resources, or another subresource.
    Resource,
    /// The rule is about other paths.
    Path,
    /// The binding is of another namespace.
    Namespace,
    /// The binding is for others.
    Subject,
}

impl Lack {
    /// How far it keeps a rule from allowing something: an administrator would change the verbs of a rule before its
    /// resources, and those before whom it is for.
    fn weight(self) -> u32 {
        match self {
            Self::Verb | Self::ResourceName => 1,
            Self::ApiGroup | Self::Resource | Self::Path | Self::Namespace => 2,
            Self::Subject => 3,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Verb => "the verb",
            Self::ResourceName => "the name",
            Self::ApiGroup => "the API group",
            Self::Resource => "the resource",
            Self::Path => "the path",
            Self::Namespace => "the namespace",
            Self::Subject => "the user",
        }
    }
}

impl Policy {
    /// Why something is allowed or not. Looks at every binding: for people, not for every request.
    pub fn explain(&self, asked: &Attributes<'_>) -> Explanation {
        let answer = match self.authorize(asked) {
            Some(grant) => self.allowed(grant, asked),
            None => Answer::Denied(self.nearest(asked)),
        };
        Explanation { question: asked.to_string(), answer, dangling: self.dangling(asked) }
    }

    fn allowed(&self, grant: Grant<'_>, asked: &Attributes<'_>) -> Answer {
        let scopes = self.scopes().find(|(namespace, _)| *namespace == grant.namespace());
        let scope = scopes.map_or(&self.cluster, |(_, scope)| scope);
        let rules = self.rules(scope, grant.binding).into_iter().flat_map(|rules| rules.iter());
        let rule = rules.into_iter().find(|rule| lacks(rule, asked).is_empty()).cloned();
        Answer::Allowed { by: grant.to_string(), rule: rule.unwrap_or_default() }
    }

    /// Ties go to what comes first: the cluster, the namespace that was asked about, the others.
    fn nearest(&self, asked: &Attributes<'_>) -> Option<Nearest> {
        let asked_namespace = asked.namespace();
        let (own, others): (Vec<_>, Vec<_>) =
            self.scopes().partition(|(namespace, _)| *namespace == asked_namespace);
        let near = std::iter::once(&self.cluster).chain(own.into_iter().map(|(_, scope)| scope));
        let far = others.into_iter().map(|(_, scope)| scope);
        let candidates = near
            .flat_map(|scope| self.candidates(scope, false, asked))
            .chain(far.flat_map(|scope| self.candidates(scope, true, asked)));
        candidates.min_by_key(|nearest| nearest.lacks.iter().map(|lack| lack.weight()).sum::<u32>())
    }

    fn candidates<'a>(
        &'a self,
        scope: &'a Scope,
        elsewhere: bool,
        asked: &'a Attributes<'_>,
    ) -> impl Iterator<Item = Nearest> + 'a {
        in_order(scope).into_iter().flat_map(move |binding| {
            let others = binding.subject_of(asked.user).is_none();
            let rules = self.rules(scope, binding).into_iter().flat_map(|rules| rules.iter());
            rules.map(move |rule| {
                let mut lacks = lacks(rule, asked);
                lacks.extend(elsewhere.then_some(Lack::Namespace));
                lacks.extend(others.then_some(Lack::Subject));
                Nearest { binding: with_role(binding), rule: rule.clone(), lacks }
            })
        })
    }

    fn dangling(&self, asked: &Attributes<'_>) -> Vec<String> {
        let own = self.scopes().filter(|(namespace, _)| *namespace == asked.namespace());
        let scopes = std::iter::once(&self.cluster).chain(own.map(|(_, scope)| scope));
        let bindings = scopes.flat_map(|scope| in_order(scope).into_iter().map(move |b| (scope, b)));
        bindings
            .filter(|(scope, binding)| {
                binding.subject_of(asked.user).is_some() && self.rules(scope, binding).is_none()
            })
            .map(|(_, binding)| with_role(binding))
            .collect()
    }
}

fn with_role(binding: &Binding) -> String {
    format!("{binding} of {} {}", binding.role.kind, quoted(&binding.role.name))
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Answer::Allowed { by, rule } => {
                write!(f, "allowed by {by}, whose rule is {}", compact_string(rule))?;
            }
            Answer::Denied(None) => write!(f, "{}: there is no rule at all", self.question)?,
            Answer::Denied(Some(Nearest { binding, rule, lacks })) => {
                let lacks: Vec<&str> = lacks.iter().map(|lack| lack.words()).collect();
                let (lacks, rule) = (lacks.join(", "), compact_string(rule));
                write!(f, "{}: the nearest is {rule} of {binding}; it lacks {lacks}", self.question)?;
            }
        }
        for binding in &self.dangling {
            write!(f, "; the role of {binding} does not exist")?;
        }
        Ok(())
    }
}
