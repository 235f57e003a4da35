//! What agents write, at its worst, in the real window: scripts, handlers, frames, links, terminal sequences, text that
//! reorders itself, ten megabytes, a million colours. Nothing of it runs, nothing leaves, nothing hangs.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mo_core::ids::AgentKind;
use mo_scripted::install::install;
use serde_json::{Value, json};

use crate::stage::{Scheme, Stage, app_binary};
use crate::webdriver::Browser;
use crate::{DEMO, SOON, layers, picture, with_prepared_window};

/// Somebody who would be told if anything left the window: who connects is counted.
struct Ear {
    port: u16,
    heard: Arc<AtomicUsize>,
}

impl Ear {
    fn listen() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                drop(connection);
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, heard }
    }
}

/// Everything that could do something, if a page let it. Each part is found again by `gpj.exe`.
fn bait(port: u16) -> String {
    let there = format!("http://127.0.0.1:{port}");
    let run = format!("window.hacked=1;fetch('{there}/ran')");
    [
        format!("<script>{run}</script><script src=\"{there}/a.js\"></script>"),
        format!("<img src=\"{there}/i.png\" onerror=\"{run}\"><body onload=\"{run}\"><b onmouseover=\"{run}\">x</b>"),
        format!("<svg onload=\"{run}\"><image href=\"{there}/s.png\"/><script>{run}</script><foreignObject><iframe src=\"{there}/f\"></iframe></foreignObject></svg>"),
        format!("<iframe srcdoc=\"<script>parent.hacked=1</script>\"></iframe><object data=\"{there}/o\"></object><form action=\"{there}\"><input name=a></form>"),
        format!("<style>@import url({there}/c.css);*{{display:none}}</style><link rel=stylesheet href=\"{there}/l.css\"><link rel=preconnect href=\"{there}\"><meta http-equiv=refresh content=\"0;url={there}/m\"><base href=\"{there}\">"),
        format!("[a](javascript:{run}) [b](data:text/html,<script>{run}</script>) ![c]({there}/c.png) <{there}/auto> {there}/bare"),
        format!("\u{1b}]8;;javascript:{run}\u{7}click\u{1b}]8;;\u{7}\u{1b}]52;c;aGFja2Vk\u{7}\u{1b}]0;hacked title\u{7}\u{1b}[2J\u{1b}[1;31mred\u{1b}[0m"),
        "safe \u{202e}gpj.exe\u{202c} \u{2066}isolated\u{2069} \u{200b}zero\u{200f} \u{feff}\u{7f}".to_owned(),
    ]
    .join(" ")
}

/// Its scripts: each says the bait wherever it can say something.
fn scripts(bait: &str) -> [(AgentKind, Value); 3] {
    let finding = |severity: &str| json!({ "severity": severity, "file": "README.md", "line": 1, "title": bait, "evidence": bait, "suggestion": bait });
    let review = json!({ "review": { "verdict": "concern", "summary": bait, "findings": [finding("concern"), finding("note")] } });
    let reviews = json!({ "kind": "review", "times": 0, "steps": [review] });
    let colours = "\u{1b}[31mA\u{1b}[0m".repeat(500_000);
    let megabytes = format!("{bait}\n{}", "A".repeat(10 * 1024 * 1024));
    let work = json!({ "kind": "work", "steps": [
        { "say": bait }, { "think": bait }, { "plan": [bait, { "text": bait, "status": "in_progress" }] },
        { "milestone": bait }, { "stderr": bait },
        { "write": { "path": "hostile.md", "content": format!("{bait}\nsecond\n") } },
        { "write": { "path": "<img src=x onerror=hacked=1>\u{202e}gpj.exe", "content": bait } },
        { "run": format!("no-such-program '{}'", bait.replace('\'', "")) },
        { "say": megabytes }, { "say": colours }, { "text": bait },
    ] });
    let plan = json!({ "kind": "work", "times": 0, "steps": [{ "say": bait }, { "text": format!("# Plan {bait}\n\n1. {bait}") }] });
    let after = json!({ "kind": "work", "times": 0, "steps": [{ "text": bait }] });
    [
        (AgentKind::Gemini, json!({ "state_dir": "gemini", "model": bait, "turns": [plan, reviews] })),
        (AgentKind::Claude, json!({ "state_dir": "claude", "turns": [work, after] })),
        (AgentKind::Codex, json!({ "state_dir": "codex", "turns": [reviews, after] })),
    ]
}

/// The hostile team as the person's configured agents; the folder to work on.
fn with_team(stage: &Stage, bait: &str) -> PathBuf {
    let folder = stage.home().join("team");
    let target = folder.join("project");
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("README.md"), bait).unwrap();
    let scripts = scripts(bait).map(|(agent, script)| {
        let path = folder.join(format!("{agent}.json"));
        fs::write(&path, script.to_string()).unwrap();
        (agent, path)
    });
    let programs = install(&folder.join("bin"), &app_binary(), &scripts, true).unwrap();
    let agents = programs.iter().map(|(agent, path)| format!("[agents.{agent}]\npath = {}\n", json!(path)));
    let config = stage.home().join(".config/meta-orchestrator");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("config.toml"), agents.collect::<String>()).unwrap();
    target
}

/// From here on the page notes what it blocks, and counts its frames.
fn watch(page: &Browser) {
    page.run(
        "window.blocked = []; window.frames_shown = 0; window.longest = 0; let last = performance.now();
         document.addEventListener('securitypolicyviolation', (event) => window.blocked.push(`${event.violatedDirective} ${event.blockedURI}`));
         const frame = (now) => {
           window.frames_shown += 1; window.longest = Math.max(window.longest, now - last); last = now;
           requestAnimationFrame(frame);
         };
         requestAnimationFrame(frame);",
        &[],
    );
}

/// The page shows the bait in that place, as text and nothing else, and goes on painting.
fn is_harmless(page: &Browser, ear: &Ear, place: &str, shows: &str) {
    page.wait(&format!("the bait in {place}"), SOON, |page| {
        let text = page.run(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent).join('\\n')",
            &[json!(place)],
        );
        text.as_str().is_some_and(|text| text.contains(shows)).then_some(())
    });
    let before = page.run("return window.frames_shown", &[]).as_u64().unwrap();
    page.wait("another frame", SOON, |page| {
        page.run("return window.frames_shown", &[]).as_u64().filter(|now| *now > before + 1)
    });
    let found = page.run(
        "const forbidden = 'body script, img, iframe, object, embed, body link, body meta, base, body style, video, audio, foreignObject, a, [src]:not(head *), [href]:not(head *), [srcdoc], form[action]';
         const found = [...document.querySelectorAll(forbidden)].filter((one) => !one.closest('head')).map((one) => one.outerHTML.slice(0, 200));
         const unseen = /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]/;
         for (const one of document.body.querySelectorAll('*'))
           for (const { name, value } of one.attributes)
             if (name.startsWith('on') || unseen.test(value)) found.push(`${one.tagName} ${name} ${value.slice(0, 100)}`);
         const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
         while (texts.nextNode()) if (unseen.test(texts.currentNode.nodeValue)) found.push(texts.currentNode.nodeValue.slice(0, 100));
         if ('hacked' in window) found.push('it ran');
         return [...found, ...window.blocked];",
        &[],
    );
    assert_eq!(found, json!([]), "in {place}");
    let longest =
        page.run("const longest = window.longest; window.longest = 0; return longest", &[]).as_f64().unwrap();
    eprintln!("{place}: the longest gap between two frames was {longest:.0} ms");
    assert_eq!(page.title(), "Meta-Orchestrator");
    assert_eq!(ear.heard.load(Ordering::SeqCst), 0, "something left the window in {place}");
}

fn open_tab(page: &Browser, name: &str) {
    let path = format!("//*[@id='tab-{name}']");
    page.wait("the tab", SOON, |page| page.find(&path)).click();
}

#[test]
fn hostile_text_runs_nothing_leaves_nothing_and_hangs_nothing() {
    let ear = Ear::listen();
    let bait = bait(ear.port);
    let mut target = PathBuf::new();
    with_prepared_window(
        Scheme::Light,
        &[layers()],
        |stage| target = with_team(stage, &bait),
        |page, stage| {
            watch(page);
            let target = stage.home().join("team/project");
            page.button("Start a session").click();
            let field =
                |id: &str| page.wait("the field", SOON, |page| page.find(&format!("//*[@id='{id}']")));
            field("target").write(&target.display().to_string());
            field("goal").write("gpj.exe <img src=x onerror=window.hacked=1>");
            page.button("Start session").click();

            // The question holds everything that would not be seen as its number.
            let card = "//section[@aria-label='Question of claude-implementer' and @aria-busy='false']";
            page.wait("the question", DEMO, |page| page.find(card));
            is_harmless(page, &ear, "aside section", "\\u{202e}gpj.exe");
            is_harmless(page, &ear, "nav .item", "gpj.exe");
            is_harmless(page, &ear, "header h1", "gpj.exe");
            is_harmless(page, &ear, "[role=log]", "gpj.exe");
            picture(page, "hostile", Scheme::Light);
            // Each question is denied, until there are none.
            page.wait("the end of the session", DEMO, |page| {
                if page.find(card).is_some() && page.find("//button[contains(., 'Deny…')]").is_some() {
                    page.run("[...document.querySelectorAll('aside button')].find((one) => one.textContent.includes('Deny…'))?.click()", &[]);
                    page.run("setTimeout(() => [...document.querySelectorAll('aside button')].find((one) => /^Deny\\s*Enter/.test(one.textContent.trim()))?.click(), 50)", &[]);
                }
                page.find("//*[@id='tab-summary']")
            });
            open_tab(page, "summary");
            is_harmless(page, &ear, ".summary", "gpj.exe");
            open_tab(page, "timeline");
            is_harmless(page, &ear, "[role=log]", "gpj.exe");
            page.run("for (const one of document.querySelectorAll('[role=log] [aria-expanded=false]')) one.click()", &[]);
            is_harmless(page, &ear, "[role=log] .well", "gpj.exe");
            open_tab(page, "changes");
            is_harmless(page, &ear, ".both", "gpj.exe");
            page.run("[...document.querySelectorAll('[role=treeitem]')].find((one) => one.textContent.includes('hostile.md'))?.click()", &[]);
            is_harmless(page, &ear, ".diff", "gpj.exe");
            open_tab(page, "reviews");
            is_harmless(page, &ear, ".reviews", "gpj.exe");
            open_tab(page, "log");
            is_harmless(page, &ear, "[role=grid]", "window.hacked=1");
            page.run("[...document.querySelectorAll('[role=row]')].find((one) => one.textContent.includes('window.hacked=1'))?.click()", &[]);
            is_harmless(page, &ear, ".raw", "window.hacked=1");
            open_tab(page, "details");
            is_harmless(page, &ear, ".details", "Versions");
            page.run("dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))", &[]);
            is_harmless(page, &ear, "dialog .list", "gpj.exe");
            page.close();
        },
    );
    assert_eq!(ear.heard.load(Ordering::SeqCst), 0, "something left the window");
}
