//! Events, of the core group and of their own.

use super::cells::Object;
use serde_json::Value;

/// Source: `printEvent`.
pub(super) fn event(event: &Object<'_>) -> Vec<Value> {
    // The newer form has other names for what the older one had.
    let either = |old: &'static str, new: &'static str| if event.has(old) { old } else { new };
    let about = event.part(either("/involvedObject", "/regarding"));
    let source = event.part(either("/source", "/deprecatedSource"));
    let first = either("/firstTimestamp", "/deprecatedFirstTimestamp");
    let first = event.ago(if event.has(first) { first } else { "/eventTime" });
    let last = either("/lastTimestamp", "/deprecatedLastTimestamp");
    let mut last = if event.has(last) { event.ago(last) } else { first.clone() };
    let mut count = event.int(either("/count", "/deprecatedCount")).max(1);
    if event.has("/series") {
        last = event.ago("/series/lastObservedTime");
        count = event.int("/series/count");
    }
    let kind = about.text("/kind").to_lowercase();
    let target = match about.text("/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let component = event.text(either("/reportingComponent", "/reportingController"));
    let component = source.text_or("/component", component);
    let source = match source.text_or("/host", event.text("/reportingInstance")) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    };
    vec![
        last.into(),
        event.text("/type").into(),
        event.text("/reason").into(),
        target.into(),
        about.text("/fieldPath").into(),
        source.into(),
        event.text(either("/message", "/note")).trim().into(),
        first.into(),
        count.into(),
        event.name(),
    ]
}
