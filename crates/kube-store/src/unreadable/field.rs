//! Which field lies at a place in JSON.

/// What is open around a place.
enum Open {
    /// An object, with the name of the field that was begun.
    Object(Option<String>),
    /// A list, with how many items were finished.
    List(usize),
}

/// The path of the value that a parser stood at, or had just finished, when it had read `read` bytes of `json`.
pub(super) fn at(json: &[u8], read: usize) -> String {
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    let read = read.min(json.len());
    while at < read {
        match json[at] {
            b'"' => {
                let end = string_end(json, at);
                if let Some(Open::Object(name @ None)) = open.last_mut() {
                    let text = json.get(at..end).unwrap_or_default();
                    *name = serde_json::from_slice(text).ok();
                }
                at = end;
                continue;
            }
            b'{' => open.push(Open::Object(None)),
            b'[' => open.push(Open::List(0)),
            b',' => match open.last_mut() {
                Some(Open::Object(name)) => *name = None,
                Some(Open::List(items)) => *items += 1,
                None => {}
            },
            // What ends with the last byte read is what the parser stood at.
            b'}' | b']' if at + 1 < read => drop(open.pop()),
            b'}' => {
                // All of the object was read: none of its fields is to blame.
                if let Some(Open::Object(name)) = open.last_mut() {
                    *name = None;
                }
            }
            _ => {}
        }
        at += 1;
    }
    path(&open)
}

/// Behind the string that begins at `start`.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

fn path(open: &[Open]) -> String {
    let mut path = String::new();
    for part in open {
        match part {
            Open::Object(Some(name)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Open::Object(None) => {}
            Open::List(item) => {
                path.push('[');
                path.push_str(&item.to_string());
                path.push(']');
            }
        }
    }
    path
}
