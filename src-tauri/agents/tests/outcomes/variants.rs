//! Texts that no capture has: the facts' own, those that other versions write, and others for the same causes.

use mo_core::outcome::FailureClass::{self, *};
use serde_json::json;

use crate::shapes::{self, Run};

/// A text in the shape in which a CLI would say it, and what it means.
pub(crate) struct Variant {
    pub(crate) text: String,
    pub(crate) run: Run,
    pub(crate) class: FailureClass,
}

/// Every variant.
pub(crate) fn all() -> Vec<Variant> {
    let mut all = Vec::new();
    let mut add = |text: &str, run: Run, class: FailureClass| {
        all.push(Variant { text: text.to_owned(), run, class });
    };
    for (error, api_error, status, text, class) in CLAUDE_API {
        let mut words = json!({"error": error});
        if !api_error.is_empty() {
            words["api_error"] = json!(api_error);
        }
        if *status > 0 {
            words["api_error_status"] = json!(status);
        }
        add(text, shapes::claude_api(&words, text), *class);
    }
    for (text, class) in CLAUDE_TEXTS {
        add(text, shapes::claude_errors(text), *class);
        add(text, shapes::claude_stderr(&format!("\u{1b}[31m{text}\u{1b}[39m\n")), *class);
    }
    for (text, class) in CODEX_TEXTS {
        add(text, shapes::codex_exec(text), *class);
        add(text, shapes::codex_app(&json!("other"), text), *class);
    }
    for (text, class) in CODEX_STDERR {
        add(text, shapes::codex_stderr(text), *class);
    }
    for (text, class) in GEMINI_TEXTS {
        add(text, shapes::gemini_result("unknown", text, 1), *class);
        add(text, shapes::gemini_error_line(text), *class);
    }
    for (text, exit, class) in GEMINI_STDERR {
        add(text, shapes::gemini_stderr(text, *exit), *class);
    }
    for (text, class) in GEMINI_RETRIES {
        add(text, shapes::gemini_retrying(text), *class);
    }
    for (error, class) in ACP_ERRORS {
        let error = serde_json::from_str(error).unwrap();
        add(&format!("{error}"), shapes::acp_prompt(&error), *class);
        add(&format!("{error}"), shapes::acp_open(&error), *class);
    }
    all
}

/// `error`, `api_error`, `api_error_status` and the text of an error line.
const CLAUDE_API: &[(&str, &str, u64, &str, FailureClass)] = &[
    // facts §5, not captured here.
    ("authentication_failed", "", 0, "Not logged in · Please run /login", NotLoggedIn),
    (
        "authentication_failed",
        "",
        401,
        "Failed to authenticate. API Error: 401 OAuth token has expired. Please obtain a new token or refresh your existing token.",
        AuthExpired,
    ),
    (
        "server_error",
        "",
        500,
        "API Error: 500 Internal server error. This is a server-side issue, usually temporary — try again in a moment.",
        Overloaded,
    ),
    // The pinned version's own.
    ("authentication_failed", "", 0, "Login expired · Please run /login", AuthExpired),
    (
        "authentication_failed",
        "",
        0,
        "Failed to authenticate: OAuth session expired and could not be refreshed",
        AuthExpired,
    ),
    ("authentication_failed", "", 0, "Login reached its time limit · Please run /login", AuthExpired),
    (
        "authentication_failed",
        "api_key_auth_disabled",
        403,
        "Your organization has disabled API key authentication · Run /login to sign in with your claude.ai account",
        AuthInvalid,
    ),
    ("oauth_org_not_allowed", "", 403, "Your organization does not allow this", AuthInvalid),
    ("rate_limit", "", 429, "You're out of usage credits. Switch to another model to continue.", UsageLimit),
    ("rate_limit", "", 429, "You've hit your monthly spend limit.", UsageLimit),
    (
        "rate_limit",
        "",
        529,
        "Opus is experiencing high load, please use /model to switch to Sonnet",
        Overloaded,
    ),
    (
        "server_error",
        "",
        0,
        "API Error: Connection to the API was lost (ECONNRESET). This is usually temporary — try again.",
        Network,
    ),
    ("server_error", "", 0, "API Error: Unable to connect to API (UND_ERR_SOCKET)", Network),
    ("unknown", "", 0, "API Error: Request timed out.", Network),
    ("unknown", "", 0, "API Error: getaddrinfo ENOTFOUND api.anthropic.com", Network),
    ("unknown", "", 0, "API Error: unable to verify the first certificate", Network),
    ("unknown", "", 0, "API Error: Usage credits ran out before the response was finished.", UsageLimit),
    (
        "max_output_tokens",
        "max_output_tokens",
        0,
        "API Error: The model has reached its context window limit.",
        ContextTooLong,
    ),
    (
        "invalid_request",
        "",
        400,
        "API Error: 400 {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"input length and max_tokens exceed context limit: 190000 + 20000 > 200000\"}}",
        ContextTooLong,
    ),
    (
        "invalid_request",
        "",
        400,
        "API Error: Claude Code is unable to respond to this request, which appears to violate our Usage Policy.",
        RefusedByModel,
    ),
    (
        "invalid_request",
        "message_over_context_limit",
        0,
        "This message is too long to send, so Claude didn't get it. Send a shorter one.",
        ContextTooLong,
    ),
    ("invalid_request", "", 400, "Claude Opus is not available with the Claude Pro plan.", ModelUnknown),
    ("invalid_request", "", 400, "PDF too large. Please double press esc and try again.", ContextTooLong),
    ("a_word_of_tomorrow", "", 0, "You've used your 7-day limit · resets Nov 25, 2am (UTC)", UsageLimit),
    ("a_word_of_tomorrow", "", 429, "slow down", RateLimited),
    ("a_word_of_tomorrow", "", 0, "Your session has expired, log in again", AuthExpired),
];

/// Texts of `errors` and of stderr.
const CLAUDE_TEXTS: &[(&str, FailureClass)] = &[
    ("Error: When using --print, --output-format=stream-json requires --verbose", BadArguments),
    (
        "error: option '--permission-mode <mode>' argument 'x' is invalid. Allowed choices are acceptEdits, plan.",
        BadArguments,
    ),
    ("Error: Invalid MCP configuration: /x.json: not valid JSON", BadArguments),
    ("ERROR: NO CONVERSATION FOUND WITH SESSION ID: 6ca09c08", SessionUnknown),
    ("No conversation found to continue", SessionUnknown),
    ("Session 6ca09c08 was not found", SessionUnknown),
    ("Error: session ID 9de4f773 is currently in use by another process.", SessionInUse),
    (
        "Error: --dangerously-skip-permissions can't be used with root or sudo: running as root is not allowed for security reasons",
        RootRefused,
    ),
    ("Reached the maximum number of turns (25).", TurnLimit),
    ("Error: Reached max turns (3)", TurnLimit),
    ("Reached maximum budget ($12.50)", BudgetExhausted),
    ("You’ve hit your session limit ∙ resets 3pm (America/Bogota)", UsageLimit),
    ("Claude AI usage limit reached|1795345507", UsageLimit),
    ("5-hour limit reached ∙ resets 5am", UsageLimit),
    ("Weekly limit reached · resets 10am (Asia/Seoul) · /upgrade to Max or turn on /extra-usage", UsageLimit),
    ("Your credit balance is too low to access the API", UsageLimit),
    ("Invalid API key · Please run /login", AuthInvalid),
    ("OAuth token revoked · Please run /login", AuthInvalid),
    ("Not logged in. Run claude auth login to authenticate.", NotLoggedIn),
    ("OAuth token refresh failed — run /login to re-authenticate", AuthExpired),
    ("There’s an issue with the selected model (claude-x). It may not exist", ModelUnknown),
    ("Error: Bypass permissions mode was disabled by your administrator", PermissionDenied),
    ("Error: EROFS: read-only file system, mkdir '/home/x/.claude'", Internal),
    ("Error: ENOSPC: no space left on device, write", Internal),
    ("Error: Failed to provide valid structured output after 5 attempts", StructuredOutputMissing),
    (
        "API Error: 529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
        Overloaded,
    ),
    ("API Error: Connection error.", Network),
];

/// Texts of `turn.failed` and of `turn/completed` with the word `other`.
const CODEX_TEXTS: &[(&str, FailureClass)] = &[
    // facts §5, not captured here.
    ("exceeded retry limit, last status: 429 Too Many Requests, request id: R", RateLimited),
    ("To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.", UsageLimit),
    ("Selected model is at capacity. Please try a different model.", Overloaded),
    (
        "rate limit exceeded: Rate limit reached for gpt-5.5 in organization org-x on tokens per min. Please try again in 11.054s.",
        RateLimited,
    ),
    ("The model `gpt-5.5` does not exist or you do not have access to it.", ModelUnknown),
    (
        "{\"error\":{\"message\":\"Invalid value: 'x'.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}",
        BadArguments,
    ),
    // The pinned version's own.
    (
        "Your access token could not be refreshed because your refresh token was revoked. Please log out and sign in again.",
        AuthExpired,
    ),
    (
        "Your workspace is out of credits. Ask your workspace owner to refill in order to continue.",
        UsageLimit,
    ),
    ("You hit your spend cap set in your workspace. Increase your spend cap to continue.", UsageLimit),
    ("You've hit your usage limit. To get more access now, send a request to your admin", UsageLimit),
    (
        "stream disconnected before completion: Incomplete response returned, reason: content_filter",
        RefusedByModel,
    ),
    ("This request has been flagged for possible cybersecurity risk.", RefusedByModel),
    ("This request was blocked due to a misalignment policy violation.", RefusedByModel),
    ("Policy-restricted capacity is unavailable. Please try again later.", Overloaded),
    ("Flex capacity unavailable.", Overloaded),
    ("shared rollout token budget exhausted", BudgetExhausted),
    // Older and newer ones, and other wordings.
    (
        "You’ve hit your usage limit. Upgrade to Pro (https://openai.com/chatgpt/pricing) or try again in 2 days 17 hours 14 minutes.",
        UsageLimit,
    ),
    ("you have reached your weekly usage limit", UsageLimit),
    (
        "unexpected status 401 Unauthorized: Your authentication token has expired. Please try signing in again., url: U",
        AuthExpired,
    ),
    ("unexpected status 403 Forbidden: Project does not have access", AuthInvalid),
    (
        "unexpected status 404 Not Found: {\"error\":{\"message\":\"no such model\",\"code\":\"model_not_found\"}}, url: U",
        ModelUnknown,
    ),
    (
        "unexpected status 400 Bad Request: {\"detail\":\"The 'gpt-9' model is not supported when using Codex with a ChatGPT account.\"}",
        ModelUnknown,
    ),
    ("unexpected status 503 Service Unavailable: upstream", Overloaded),
    (
        "{\"error\":{\"message\":\"Your input exceeds the context window of this model.\",\"type\":\"invalid_request_error\",\"code\":\"context_length_exceeded\"}}",
        ContextTooLong,
    ),
    (
        "{\"error\":{\"message\":\"You exceeded your current quota, please check your plan and billing details.\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}",
        UsageLimit,
    ),
    ("Codex ran out of room in the model’s context window.", ContextTooLong),
    ("stream disconnected before completion: idle timeout waiting for SSE", Network),
    ("Connection failed: error sending request for url (https://api.openai.com/v1/responses)", Network),
    (
        "error sending request: dns error: failed to lookup address information: Name or service not known",
        Network,
    ),
    ("Missing environment variable: `OPENAI_API_KEY`. Create an API key.", NotLoggedIn),
];

/// Texts of stderr.
const CODEX_STDERR: &[(&str, FailureClass)] = &[
    (
        "Error: thread/resume: thread/resume failed: no rollout found for thread id 01a2 (code -32600)\n",
        SessionUnknown,
    ),
    (
        "Error: thread/resume: thread/resume failed: thread 01a2 already has an active writer (code -32600)\n",
        SessionInUse,
    ),
    ("Not inside a trusted directory and --skip-git-repo-check was not specified.\n", NotAGitRepo),
    ("not inside a git repo; run with --skip-git-repo-check to allow this\n", NotAGitRepo),
    (
        "error: unrecognized subcommand 'exce'\n\nUsage: codex [OPTIONS]\n  usage limit 401 Unauthorized\n",
        BadArguments,
    ),
    (
        "error: invalid value 'x' for '--sandbox <SANDBOX_MODE>'\n  [possible values: read-only]\n",
        BadArguments,
    ),
    ("Error loading config.toml: unknown variant `x`, expected one of `untrusted`\n", BadArguments),
    (
        "WARNING: proceeding, even though we could not create PATH aliases\nError: Read-only file system (os error 30)\n",
        Internal,
    ),
    ("Not logged in. Run `codex login`.\n", NotLoggedIn),
    ("bwrap: No permissions to create new namespace\n", Internal),
    ("thread 'main' panicked at core/src/lib.rs:1:1:\nexplicit panic\n", Internal),
    (
        "\u{1b}[2m2026-11-22T08:47:40.733774Z\u{1b}[0m \u{1b}[31mERROR\u{1b}[0m codex_core::client: unexpected status 401 Unauthorized: x\n",
        AuthInvalid,
    ),
];

/// Texts of `result.error` with the type `unknown`, and of an `error` line.
const GEMINI_TEXTS: &[(&str, FailureClass)] = &[
    // facts §5, not captured here.
    (
        "[API Error: {\"error\":{\"code\":403,\"message\":\"Your API key was reported as leaked.\",\"status\":\"PERMISSION_DENIED\"}}]",
        AuthInvalid,
    ),
    (
        "[API Error: {\"error\":{\"code\":500,\"message\":\"An internal error has occurred.\",\"status\":\"INTERNAL\"}}]",
        Overloaded,
    ),
    // The pinned version's own.
    ("The model response was blocked due to recitation/copyright filters.", RefusedByModel),
    ("The model response was blocked due to other policy settings.", RefusedByModel),
    (
        "The model returned an empty response with no text or thoughts. This may be a transient API issue; please try again.",
        Internal,
    ),
    ("[API Error: Model stream ended with empty response text.]", Internal),
    ("[API Error: Model stream ended without a finish reason.]", Internal),
    ("Context window will overflow (estimated: 1200000, remaining: 800)", ContextTooLong),
    (
        "[API Error: You have exhausted your capacity on this model. Your quota will reset after 18h33m12s.]",
        UsageLimit,
    ),
    (
        "[API Error: You have exhausted your capacity on this model. Your quota will reset after 53s.]",
        RateLimited,
    ),
    // Other versions and other wordings.
    ("[API Error: Usage limit reached for gemini-3-flash-preview.]", UsageLimit),
    ("You have reached your daily gemini-2.5-pro quota limit", UsageLimit),
    (
        "[API Error: {\"error\":{\"message\":\"{\\n  \\\"error\\\": {\\n    \\\"code\\\": 429,\\n    \\\"message\\\": \\\"You exceeded your current quota.\\\",\\n    \\\"status\\\": \\\"RESOURCE_EXHAUSTED\\\",\\n    \\\"details\\\": [{\\\"@type\\\": \\\"type.googleapis.com/google.rpc.QuotaFailure\\\", \\\"violations\\\": [{\\\"quotaId\\\": \\\"GenerateRequestsPerDayPerProjectPerModel-FreeTier\\\"}]}]\\n  }\\n}\\n\",\"code\":429,\"status\":\"Too Many Requests\"}}]\nPlease wait and try again later.",
        UsageLimit,
    ),
    (
        "[API Error: {\"error\":{\"code\":429,\"message\":\"Quota exceeded for quota metric\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"violations\":[{\"quotaId\":\"GenerateRequestsPerMinutePerProjectPerModel\"}]}]}}]",
        RateLimited,
    ),
    (
        "[API Error: {\"error\":{\"code\":429,\"message\":\"No capacity available for model\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"reason\":\"MODEL_CAPACITY_EXHAUSTED\"}]}}]",
        Overloaded,
    ),
    (
        "[API Error: TPM quota exhausted. No spare capacity is currently available to serve over-limit requests.]",
        RateLimited,
    ),
    (
        "[API Error: {\"error\":{\"code\":400,\"message\":\"API key expired. Please renew the API key.\",\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}]",
        AuthExpired,
    ),
    (
        "[API Error: {\"error\":{\"code\":400,\"message\":\"The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).\",\"status\":\"INVALID_ARGUMENT\"}}]",
        ContextTooLong,
    ),
    (
        "[API Error: {\"error\":{\"code\":404,\"message\":\"Requested entity was not found.\",\"status\":\"NOT_FOUND\"}}]",
        ModelUnknown,
    ),
    (
        "[API Error: got status: UNAVAILABLE. {\"error\":{\"code\":503,\"message\":\"The model is overloaded. Please try again later.\",\"status\":\"UNAVAILABLE\"}}]",
        Overloaded,
    ),
    (
        "[API Error: got status: 429 Too Many Requests. {\"error\":{\"code\":429,\"message\":\"Rate limit exceeded\",\"status\":\"RESOURCE_EXHAUSTED\"}}]",
        RateLimited,
    ),
    ("[API Error: exception TypeError: fetch failed sending request]", Network),
    ("[API Error: read ECONNRESET]", Network),
    ("[API Error: invalid_grant]", AuthExpired),
    ("Maximum session turns exceeded", TurnLimit),
];

/// Texts of stderr with exit codes.
const GEMINI_STDERR: &[(&str, i32, FailureClass)] = &[
    // facts §5, not captured here.
    (
        "Please set an Auth method in your /home/x/.gemini/settings.json or specify one of the following environment variables before running: GEMINI_API_KEY\n",
        41,
        NotLoggedIn,
    ),
    ("Invalid auth method selected.\n", 41, NotLoggedIn),
    (
        "No input provided via stdin. Input can be provided by piping data into gemini or using the --prompt option.\n",
        42,
        BadArguments,
    ),
    (
        "Error resuming session: Invalid session identifier \"U\".\n  Searched for sessions in /x.\n",
        42,
        SessionUnknown,
    ),
    ("Error resuming session: No previous sessions found for this project.\n", 42, SessionUnknown),
    (
        "FatalSandboxError: Sandbox image 'us-docker.pkg.dev/x' is missing or could not be pulled.\n",
        1,
        Internal,
    ),
    (
        "Failed to save project registry to /home/x/.gemini/projects.json: EROFS: read-only file system\n",
        1,
        Internal,
    ),
    // Other wordings, and codes alone.
    ("Gemini CLI is not running in a trusted folder.\n", 55, UntrustedFolder),
    ("", 41, NotLoggedIn),
    ("", 53, TurnLimit),
    ("", 55, UntrustedFolder),
    ("", 145, AuthInvalid),
    ("", 147, AuthInvalid),
    ("", 148, ModelUnknown),
    ("", 157, ContextTooLong),
    ("", 173, RateLimited),
    ("", 247, Overloaded),
    ("Manual authorization is required but the current session is non-interactive.\n", 41, NotLoggedIn),
    ("Invalid configuration in /home/x/.gemini/settings.json\n", 52, BadArguments),
    ("Invalid values:\n  Argument: approval-mode, Given: \"x\", Choices: \"default\"\n", 1, BadArguments),
];

/// What stderr says while the CLI is trying again by itself.
const GEMINI_RETRIES: &[(&str, FailureClass)] = &[
    (
        "Attempt 1 failed with status 500. Retrying with backoff... _ApiError: {\"error\":{\"code\":500}}\n    at x (y.js:1)\n",
        Overloaded,
    ),
    (
        "Attempt 12 failed. Retrying with backoff... Error: exception TypeError: fetch failed sending request\n",
        Network,
    ),
    (
        "Attempt 3 failed: You have exhausted your capacity on this model. Your quota will reset after 5s.. Retrying after 6173ms...\n",
        RateLimited,
    ),
];

/// JSON-RPC errors, given to the prompt and to the session's opening.
const ACP_ERRORS: &[(&str, FailureClass)] = &[
    (r#"{"code":-32000,"message":"Authentication required"}"#, NotLoggedIn),
    (r#"{"code":-32000,"message":"anything"}"#, NotLoggedIn),
    (
        r#"{"code":-32000,"message":"This request has been flagged for possible cybersecurity risk."}"#,
        RefusedByModel,
    ),
    (
        r#"{"code":-32603,"message":"Internal error","data":{"details":"Run `opencode auth login` first"}}"#,
        NotLoggedIn,
    ),
    (
        r#"{"code":-32603,"message":"Internal error: 5-hour limit reached ∙ resets 5am","data":{"errorKind":"rate_limit"}}"#,
        UsageLimit,
    ),
    (r#"{"code":-32603,"message":"Internal error: Flex capacity unavailable."}"#, Overloaded),
    (
        r#"{"code":-32603,"message":"Internal error","data":{"codexErrorInfo":{"httpConnectionFailed":{"httpStatusCode":401}},"message":"x"}}"#,
        AuthInvalid,
    ),
    (
        r#"{"code":-32603,"message":"ProviderModelNotFoundError","data":{"name":"ProviderModelNotFoundError"}}"#,
        ModelUnknown,
    ),
    (
        r#"{"code":401,"message":"{\"error\":{\"code\":401,\"message\":\"x\",\"status\":\"UNAUTHENTICATED\"}}"}"#,
        AuthInvalid,
    ),
    (r#"{"code":429,"message":"You have exhausted your daily quota on this model."}"#, UsageLimit),
    (r#"{"code":503,"message":"x"}"#, Overloaded),
    (r#"{"code":-32603,"message":"Internal error","data":{"statusCode":402,"message":"x"}}"#, UsageLimit),
    (r#"{"code":-32002,"message":"Resource not found: ses_123"}"#, SessionUnknown),
    (r#"{"code":-32602,"message":"Invalid params: Session not found: abc"}"#, SessionUnknown),
    (r#"{"code":-32602,"message":"Invalid params","data":{"cwd":"must be absolute"}}"#, BadArguments),
    (r#"{"code":-32603,"message":"error sending request for url (http://localhost:1)"}"#, Network),
];
