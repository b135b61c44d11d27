//! `$(VAR)` in texts.

/// Replaces `$(VAR)` by what `lookup` knows of `VAR`; what it does not know stays, `$$` is a plain `$`.
///
/// Source: `Expand`, `MappingFuncFor`. (Where `$` stands before a character beyond ASCII, Go tears that apart; here it
/// stays.)
pub fn expand<V: AsRef<str>>(input: &str, lookup: impl Fn(&str) -> Option<V>) -> String {
    let mut out = String::with_capacity(input.len());
    let mut rest = input;
    while let Some(at) = rest.find('$') {
        let (before, operator) = rest.split_at(at);
        out.push_str(before);
        let after = &operator[1..];
        rest = match after.chars().next() {
            // At the very end it stands for itself.
            None => {
                out.push('$');
                after
            }
            Some('$') => {
                out.push('$');
                &after[1..]
            }
            Some('(') => match after.find(')') {
                None => {
                    out.push_str("$(");
                    &after[1..]
                }
                Some(end) => {
                    let name = &after[1..end];
                    match lookup(name) {
                        Some(value) => out.push_str(value.as_ref()),
                        None => out.extend(["$(", name, ")"]),
                    }
                    &after[end + 1..]
                }
            },
            Some(other) => {
                out.push('$');
                out.push(other);
                &after[other.len_utf8()..]
            }
        };
    }
    out.push_str(rest);
    out
}
