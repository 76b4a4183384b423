//! A small reader of XML that refuses whatever is not well-formed.

use std::collections::BTreeMap;

/// An element in the order of its opening tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub tag: String,
    pub attributes: BTreeMap<String, String>,
    /// The text directly inside, unescaped.
    pub text: String,
    pub depth: usize,
}

impl Element {
    pub fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", |value| value)
    }

    pub fn has_class(&self, class: &str) -> bool {
        self.get("class").split(' ').any(|own| own == class)
    }
}

/// The elements of a document with one root.
pub fn elements(text: &str) -> Result<Vec<Element>, String> {
    let mut rest = text.strip_prefix("<!DOCTYPE html>").unwrap_or(text);
    let (mut elements, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    if let Some(bad) = text.chars().find(|&c| (c < ' ' && !"\t\n\r".contains(c)) || c == '\u{FFFE}' || c == '\u{FFFF}')
    {
        return Err(format!("{bad:?} is no character of XML"));
    }
    while let Some(at) = rest.find('<') {
        let text = unescaped(&rest[..at])?;
        match open.last() {
            Some(&inner) => elements[inner].text.push_str(&text),
            None if text.trim().is_empty() => {}
            None => return Err(format!("text outside the root: {text:?}")),
        }
        rest = &rest[at + 1..];
        let end = end_of_tag(rest).ok_or("a tag without an end")?;
        let (tag, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let inner = open.pop().ok_or(format!("</{name}> closes nothing"))?;
            if elements[inner].tag != name {
                return Err(format!("</{name}> closes <{}>", elements[inner].tag));
            }
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!("{name:?} is no name"));
        }
        if open.is_empty() && !elements.is_empty() {
            return Err(format!("<{name}> is a second root"));
        }
        let attributes = attributes_of(attributes)?;
        elements.push(Element { tag: name.to_owned(), attributes, text: String::new(), depth: open.len() });
        if !empty {
            open.push(elements.len() - 1);
        }
    }
    match open.last() {
        Some(&inner) => Err(format!("<{}> is not closed", elements[inner].tag)),
        None if !rest.trim().is_empty() => Err(format!("text outside the root: {rest:?}")),
        None if elements.is_empty() => Err("no root".to_owned()),
        None => Ok(elements),
    }
}

/// Where the `>` is that is in no attribute.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn attributes_of(mut text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut attributes = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").ok_or(format!("no attribute: {text:?}"))?;
        let (value, rest) = rest.split_once('"').ok_or(format!("no end of {name}"))?;
        if value.contains('<') || !name.chars().all(|c| c.is_ascii_alphabetic() || c == '-') {
            return Err(format!("{name}={value:?} is no attribute"));
        }
        if attributes.insert(name.to_owned(), unescaped(value)?).is_some() {
            return Err(format!("{name} stands there twice"));
        }
        text = match rest.strip_prefix(' ') {
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return Err(format!("no space before {rest:?}")),
        };
    }
    Ok(attributes)
}

fn unescaped(text: &str) -> Result<String, String> {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').ok_or(format!("a bare & in {text:?}"))?;
        let character = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            _ => return Err(format!("&{name}; is not known")),
        };
        plain.push_str(before);
        plain.push(character);
        rest = after;
    }
    Ok(plain + rest)
}

#[test]
fn tells_good_from_bad() {
    let good = elements("<a x=\"1 &lt; 2\"><b/>t&amp;<c>u</c></a>\n").unwrap();
    assert_eq!(good.iter().map(|element| &*element.tag).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((good[0].get("x"), &*good[0].text, &*good[2].text), ("1 < 2", "t&", "u"));
    for bad in [
        "<a><b></a></b>",
        "<a>",
        "</a>",
        "<a/><b/>",
        "<a x=1/>",
        "<a x=\"1\" x=\"2\"/>",
        "<a x=\"1\"y=\"2\"/>",
        "<a>&</a>",
        "<a>&nbsp;</a>",
        "<a>\u{1b}</a>",
        "<a x=\"<\"/>",
        "a<a/>",
        "<a/>a",
        "<a b/>",
        "< a/>",
        "",
    ] {
        assert!(elements(bad).is_err(), "{bad:?} is not well-formed");
    }
}
