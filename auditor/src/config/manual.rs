//! The manual page and the completion scripts, made from the arguments.

use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use super::Args;

/// The manual page in roff, with the options of every subcommand.
pub fn manual() -> io::Result<Vec<u8>> {
    let mut command = Args::command();
    command.build();
    let mut page = Vec::new();
    let whole = Man::new(command.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    for subcommand in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        page.extend(section(subcommand)?);
    }
    page.extend(notes(&whole, ".SH \"EXIT STATUS\"")?);
    Ok(page)
}

/// The completion script for `shell`.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "auditor", &mut script);
    script
}

/// A subcommand as one section of the page: its own headings become those of subsections.
fn section(subcommand: &clap::Command) -> io::Result<Vec<u8>> {
    let man = Man::new(subcommand.clone());
    let mut text = Vec::new();
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if subcommand.get_after_help().is_some() {
        text.extend(notes(&man, ".SH NOTES")?);
    }
    let text = String::from_utf8_lossy(&text).replace(".SH ", ".SS ");
    let title = subcommand.get_name().to_uppercase();
    Ok(format!(".SH \"AUDITOR {title}\"\n{text}").into_bytes())
}

/// What stands below the options in the help, line by line, under a heading that says more than
/// the generator's.
fn notes(man: &Man, heading: &str) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    man.render_extra_section(&mut text)?;
    let text = String::from_utf8_lossy(&text).replace(".SH EXTRA", heading);
    let (head, lines) = text.split_once(heading).unwrap_or(("", &text));
    Ok(format!("{head}{heading}\n.nf{lines}.fi\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use clap_complete::Shell;

    use super::{completions, manual};

    #[test]
    fn the_page_covers_every_subcommand_and_its_options() {
        let page = String::from_utf8(manual().unwrap()).unwrap();
        for word in [
            "AUDITOR RUN",
            "AUDITOR DOCTOR",
            "\\-\\-otlp\\-endpoint",
            "Exit codes",
            "pod\\-uid",
        ] {
            assert!(page.contains(word), "{word} is not in\n{page}");
        }
        assert!(!page.contains("ring\\-bytes"), "hidden options stay hidden");
    }

    #[test]
    fn scripts_name_the_subcommands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(completions(shell)).unwrap();
            assert!(script.contains("doctor"), "{shell}");
        }
    }
}
