//! A client of the W3C WebDriver protocol, as small as this suite needs it: one request a connection.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The key of an element reference (<https://www.w3.org/TR/webdriver2/#elements>).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How often a condition is looked at again: WebDriver has no way to be told.
const AGAIN: Duration = Duration::from_millis(50);
/// What an element that is there needs to be usable, while the page draws it anew.
const REPLACED: Duration = Duration::from_secs(10);

/// A session with one window.
pub struct Browser {
    port: u16,
    session: String,
}

impl Browser {
    /// Opens the app under the driver at `port`.
    pub fn open(port: u16, binary: &Path) -> Self {
        let options = json!({ "binary": binary, "args": [] });
        let body = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let answer = request(port, "POST", "/session", Some(&body)).unwrap_or_else(|no| panic!("{no:?}"));
        let session = answer["sessionId"].as_str().expect("a session id").to_owned();
        Self { port, session }
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.try_call(method, path, body).unwrap_or_else(|no| panic!("{no:?}"))
    }

    fn try_call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Refusal> {
        request(self.port, method, &format!("/session/{}{path}", self.session), body)
    }

    /// The same about an element of the page. `None` when the page has replaced the element meanwhile: then it was
    /// not touched, and whoever asked has to look again.
    fn look(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Value> {
        match self.try_call(method, path, body) {
            Err(no) if no.is_stale() => None,
            answer => Some(answer.unwrap_or_else(|no| panic!("{no:?}"))),
        }
    }

    /// Runs a function body in the page and answers what it returns.
    pub fn run(&self, script: &str, args: &[Value]) -> Value {
        self.call("POST", "/execute/sync", Some(&json!({ "script": script, "args": args })))
    }

    /// Runs a function body in the page and answers what it gives to its last argument.
    pub fn run_async(&self, script: &str) -> Value {
        self.run_async_with(script, &[])
    }

    /// The same with further arguments before the last.
    pub fn run_async_with(&self, script: &str, args: &[Value]) -> Value {
        self.call("POST", "/execute/async", Some(&json!({ "script": script, "args": args })))
    }

    /// The window's title.
    pub fn title(&self) -> String {
        self.call("GET", "/title", None).as_str().unwrap_or_default().to_owned()
    }

    /// All text that the page shows.
    pub fn text(&self) -> String {
        self.run("return document.body.innerText", &[]).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until `what` is found; the panic shows what the page had instead.
    pub fn wait<'a, T>(&'a self, what: &str, within: Duration, look: impl Fn(&'a Self) -> Option<T>) -> T {
        let end = Instant::now() + within;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < end, "{what}: not within {within:?}; the page shows:\n{}", self.text());
            std::thread::sleep(AGAIN);
        }
    }

    /// Waits until the page shows `text`.
    pub fn wait_for_text(&self, text: &str, within: Duration) {
        self.wait(&format!("the text {text:?}"), within, |page| page.text().contains(text).then_some(()));
    }

    /// The first element that is matched by `xpath`, when there is one.
    pub fn find(&self, xpath: &str) -> Option<Element<'_>> {
        self.element(Place::Path(xpath.to_owned()))
    }

    /// The element that has the keyboard.
    pub fn active(&self) -> Element<'_> {
        self.wait("an element that has the keyboard", REPLACED, |page| page.element(Place::Keyboard))
    }

    fn element(&self, place: Place) -> Option<Element<'_>> {
        let id = self.id_at(&place)?;
        Some(Element { browser: self, place, id: RefCell::new(id) })
    }

    fn id_at(&self, place: &Place) -> Option<String> {
        let found = match place {
            Place::Keyboard => self.look("GET", "/element/active", None)?,
            Place::Path(xpath) => {
                let body = json!({ "using": "xpath", "value": xpath });
                self.look("POST", "/elements", Some(&body))?.as_array()?.first()?.clone()
            }
        };
        Some(found[ELEMENT].as_str()?.to_owned())
    }

    /// Waits for the button that is called `name`.
    pub fn button(&self, name: &str) -> Element<'_> {
        let xpath = format!("//main//button[contains(normalize-space(.), '{name}')]");
        self.wait(&format!("a button {name:?}"), Duration::from_secs(10), |page| page.find(&xpath))
    }

    /// Sets the window's size in px.
    pub fn resize(&self, width: u32, height: u32) {
        self.call("POST", "/window/rect", Some(&json!({ "width": width, "height": height })));
        self.wait("the new size", Duration::from_secs(10), |page| {
            let size = page.run("return [innerWidth, innerHeight]", &[]);
            (size == json!([width, height])).then_some(())
        });
    }

    /// A picture of the window as PNG, taken when what was last changed has been painted.
    pub fn screenshot(&self) -> Vec<u8> {
        let script = "const done = arguments[arguments.length - 1];
            document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        self.run_async(script);
        decode_base64(self.call("GET", "/screenshot", None).as_str().expect("a picture"))
    }

    /// Ends the driver's part of a session whose window has gone by itself.
    pub fn leave(self) {
        // The driver may say that the window has gone; that is known.
        let _ = self.try_call("DELETE", "", None);
    }

    /// Ends the session, which closes the window.
    pub fn close(&self) {
        self.call("DELETE", "", None);
    }
}

/// Where an element is found again when the page has replaced it.
#[derive(Debug)]
enum Place {
    /// The first that an XPath matches.
    Path(String),
    /// What has the keyboard.
    Keyboard,
}

/// An element of the page. A page that draws it anew replaces it: it is then found again where it was.
pub struct Element<'a> {
    browser: &'a Browser,
    place: Place,
    id: RefCell<String>,
}

impl Element<'_> {
    /// Clicks it as a person does.
    pub fn click(&self) {
        self.act("click", &json!({}));
    }

    /// Types into it.
    pub fn write(&self, text: &str) {
        self.act("value", &json!({ "text": text }));
    }

    /// One of its properties; null when it is not there now.
    pub fn property(&self, name: &str) -> Value {
        let read = || {
            let path = format!("/element/{}/property/{name}", self.id.borrow());
            self.browser.look("GET", &path, None)
        };
        let again = || {
            self.find_again()?;
            read()
        };
        read().or_else(again).unwrap_or(Value::Null)
    }

    fn act(&self, what: &str, body: &Value) {
        let end = Instant::now() + REPLACED;
        loop {
            let path = format!("/element/{}/{what}", self.id.borrow());
            match self.browser.try_call("POST", &path, Some(body)) {
                Ok(_) => return,
                Err(no) if no.is_stale() => {}
                // It has no place yet, or none any more: a person would wait until it can be reached.
                Err(no) if no.is("element not interactable") && Instant::now() < end => {
                    std::thread::sleep(AGAIN);
                }
                Err(no) => panic!("{:?}: {no:?}; the page shows:\n{}", self.place, self.browser.text()),
            }
            while self.find_again().is_none() {
                let (place, text) = (&self.place, self.browser.text());
                assert!(Instant::now() < end, "{what}: {place:?} has gone; the page shows:\n{text}");
                std::thread::sleep(AGAIN);
            }
            assert!(Instant::now() < end, "{what}: {:?} is replaced again and again", self.place);
        }
    }

    fn find_again(&self) -> Option<()> {
        *self.id.borrow_mut() = self.browser.id_at(&self.place)?;
        Some(())
    }
}

/// The driver says no.
#[derive(Debug)]
struct Refusal {
    /// What was asked.
    #[expect(dead_code, reason = "it is for whoever reads the panic")]
    asked: String,
    /// The error's code (<https://www.w3.org/TR/webdriver2/#errors>), the driver's words and trace.
    value: Value,
}

impl Refusal {
    fn is(&self, code: &str) -> bool {
        self.value["error"] == code
    }

    /// The element has left the page.
    fn is_stale(&self) -> bool {
        self.is("stale element reference")
    }
}

/// One request; the answer's `value`.
fn request(port: u16, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Refusal> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the driver listens");
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let body = body.map(ToString::to_string).unwrap_or_default();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    let text = String::from_utf8_lossy(&answer);
    let (head, content) = text.split_once("\r\n\r\n").expect("a whole answer");
    let mut answer: Value =
        serde_json::from_str(content).unwrap_or_else(|e| panic!("{method} {path}: {e}: {text}"));
    let value = answer["value"].take();
    if head.starts_with("HTTP/1.1 200") {
        Ok(value)
    } else {
        Err(Refusal { asked: format!("{method} {path} {body}"), value })
    }
}

/// RFC 4648 base64 with padding.
fn decode_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0u32, 0);
    for letter in text.bytes().filter(|b| *b != b'=' && !b.is_ascii_whitespace()) {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            other => panic!("{other} is no base64"),
        };
        held = (held << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}
