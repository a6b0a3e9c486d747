//! Checks that every relative link in a Markdown file leads to a file of the checkout.

use anyhow::Result;

use crate::problem::Problem;
use crate::tree::Tree;

/// Follows the links of every Markdown file.
pub(super) fn problems(tree: &Tree) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for file in tree.with_extension("md") {
        for link in links(&tree.read(file)?) {
            let target = resolve(file, &link.target);
            if !target.is_some_and(|target| tree.exists(&target)) {
                let text = format!("`{}` leads nowhere", link.target);
                problems.push(Problem::at(file, link.line, text));
            }
        }
    }
    Ok(problems)
}

/// A relative link, without its `#anchor`.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    target: String,
    line: usize,
}

/// The relative links of a Markdown text: `[text](target)` and `[name]: target`, code apart.
fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    let mut in_fence = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        if in_fence {
            continue;
        }
        let line = without_code(line);
        let inline = line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        let named = line
            .starts_with('[')
            .then(|| line.split_once("]: "))
            .flatten();
        for target in inline.chain(named.map(|(_, target)| target)) {
            let target = target.split_whitespace().next().unwrap_or_default();
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push(Link {
                    target: target.to_owned(),
                    line: number + 1,
                });
            }
        }
    }
    found
}

/// The line with its `code` taken out.
fn without_code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    parts.iter().step_by(2).copied().collect()
}

/// The path from the root that `target`, written in `file`, means; `None` if it leaves the checkout.
fn resolve(file: &str, target: &str) -> Option<String> {
    let mut path: Vec<&str> = file.split('/').collect();
    path.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            part => path.push(part),
        }
    }
    Some(path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(text: &str) -> Vec<String> {
        links(text).into_iter().map(|link| link.target).collect()
    }

    #[test]
    fn links_in_both_forms() {
        let text = "[a](b.md) and [`c`](../d.rs#L3 \"title\")\n[e]: f/g.md\n";
        assert_eq!(targets(text), ["b.md", "../d.rs", "f/g.md"]);
        assert_eq!(links(text)[2].line, 2);
    }

    #[test]
    fn what_is_not_a_link_of_ours() {
        let text = "[a](https://x.org) [b](#c) `[d](e)`\n```\n[f](g)\n```\n[h](mailto:i@j)\n";
        assert!(targets(text).is_empty());
    }

    #[test]
    fn links_are_read_from_the_folder_of_the_file() {
        assert_eq!(
            resolve("docs/modes/a.md", "../b.md").as_deref(),
            Some("docs/b.md")
        );
        assert_eq!(resolve("README.md", "./docs/").as_deref(), Some("docs"));
        assert_eq!(resolve("README.md", "../x"), None);
    }
}
