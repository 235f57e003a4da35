/** A session as the pictures of the design have it. */
import type { FindingView, ReviewView, SessionView, TimelineEntry } from '../api/api';
import { aSession, aWorker, anApproval, anEntry, ScriptedApi } from '../api/scripted';
import { aLogRow } from '../api/scripted_screens';

const at = (time: string) => `2026-11-22T${time}.000Z`;
const digest = (number: number) => `sha256:${String(number).repeat(64)}`;

const concern: FindingView = {
  severity: 'concern',
  file: 'src/routes/login.rs',
  line: 31,
  title: 'An unknown e-mail answers faster than a wrong password',
  evidence: '`by_email` returns before any hash is computed, so the time tells whether an account exists.',
  suggestion: 'verify against a fixed hash when the account is missing, and answer 401 in both cases.',
};
const forwarded: FindingView = { severity: 'concern', file: 'src/auth/limiter.rs', line: 41, title: 'X-Forwarded-For is trusted from any peer', evidence: 'Any client can name itself.', suggestion: 'Trust it from the proxy alone.' };
const untested: FindingView = { severity: 'concern', file: 'tests/login.rs', line: null, title: 'No test for the locked account', evidence: '', suggestion: 'Add one.' };
const note: FindingView = { severity: 'note', file: 'plan.md', line: 3, title: 'The plan does not say which hash', evidence: '', suggestion: 'Name it.' };

const review = (id: string, round: number, reviewer: string, subject: string, checkpoint: number, verdict: string | null, findings: FindingView[], summary: string | null = null): ReviewView => ({
  id,
  round,
  reviewer,
  subject,
  checkpoint: digest(checkpoint),
  verdict,
  summary,
  findings,
});

const reviews: ReviewView[] = [
  review('r1', 1, 'codex-reviewer', 'gemini-architect', 1, 'approved', [note], 'The plan fits the project.'),
  review('r2', 1, 'gemini-architect', 'claude-implementer', 3, 'concern', [forwarded]),
  review('r3', 1, 'codex-reviewer', 'claude-implementer', 3, 'concern', [concern, untested]),
  review('r4', 2, 'gemini-architect', 'claude-implementer', 4, 'inconclusive', [], 'Its answer said approved but carried the nonce of round 1. It was asked once more and repeated it.'),
  review('r5', 2, 'codex-reviewer', 'claude-implementer', 4, 'concern', [concern]),
];

const rule = (round: number, phase: string, decision: string, fired: string, words: string, takes_effect: boolean, time: string) => ({ round, phase, decision, fired, rule: words, takes_effect, at: at(time) });
const decisions = [
  rule(1, 'plan_review', 'continue', 'all_approved', 'all approved: continue', true, '10:45:12'),
  rule(1, 'review', 'pause_and_clarify', 'two_concerns', 'two or more concerns: pause and clarify', false, '11:02:40'),
  rule(2, 'review', 'pause_and_clarify', 'inconclusive', 'a review is missing or inconclusive: pause and clarify', true, '11:12:03'),
];

const story: TimelineEntry[] = [
  anEntry(1, { at: at('10:41:03'), kind: 'session', text: 'started: Add login with rate limiting to the web API' }),
  anEntry(2, { at: at('10:41:05'), kind: 'checkpoint', tone: 'muted', text: 'checkpoint 0: 214 files, 0 changed' }),
  anEntry(3, { at: at('10:41:07'), kind: 'worker', worker: 'gemini-architect', text: 'started on the plan' }),
  ...Array.from({ length: 11 }, (_, n) => anEntry(4 + n, { at: at('10:42:10'), kind: 'tool', tone: 'muted', worker: 'gemini-architect', text: n % 3 === 0 ? `read src/routes/${n}.rs` : `search login ${n}` })),
  anEntry(20, { at: at('10:44:31'), kind: 'message', worker: 'gemini-architect', text: '## Plan: login with a limiter', detail: '## Plan: login with a limiter\n\n1. A `Limiter` per account **and** address\n2. Argon2 hashes\n3. Tests for the *locked* account\n\n```rust\npub async fn login(State(app): State<App>) {}\n```\n\nSee [the guide](https://example.com/argon2) and <img src=x onerror="alert(1)">.' }),
  anEntry(21, { at: at('10:44:40'), kind: 'plan', worker: 'gemini-architect', text: 'wrote the plan', detail: '1. Limiter\n2. Hashes\n3. Tests' }),
  anEntry(22, { at: at('10:45:01'), kind: 'review', tone: 'ok', worker: 'codex-reviewer', text: 'verdict: approved – The plan fits the project.' }),
  anEntry(23, { at: at('10:45:12'), kind: 'decision', tone: 'ok', text: 'decision: continue', detail: 'all approved: continue' }),
  anEntry(24, { at: at('10:45:20'), kind: 'worker', worker: 'claude-implementer', text: 'started on the goal' }),
  ...Array.from({ length: 14 }, (_, n) => anEntry(30 + n, { at: at('10:46:10'), kind: 'tool', tone: n === 12 ? 'warn' : 'muted', worker: 'claude-implementer', text: n === 12 ? 'the tool failed' : n % 2 ? 'edit src/auth/limiter.rs' : 'read src/auth/mod.rs', detail: n === 12 ? '\u001b[31merror[E0433]\u001b[0m: cannot find `argon2`\n' : null })),
  anEntry(50, { at: at('10:49:44'), kind: 'recovery', tone: 'warn', worker: 'claude-implementer', text: 'its process ended unexpectedly (crashed): goes on – try 1 of 3' }),
  anEntry(51, { at: at('10:51:02'), kind: 'plan', worker: 'claude-implementer', text: 'finished plan item 3 of 5: limiter per account and address' }),
  anEntry(52, { at: at('10:53:30'), kind: 'tool', tone: 'muted', worker: 'claude-implementer', text: '`cargo test limiter`', detail: 'running 18 tests\ntest result: \u001b[32mok\u001b[0m. 18 passed; finished in 11.2 s' }),
  anEntry(53, { at: at('10:54:01'), kind: 'approval', tone: 'warn', worker: 'claude-implementer', text: 'asks to run `cargo add argon2`', detail: 'It reaches the network' }),
];

const DIFF = `diff --git a/src/routes/login.rs b/src/routes/login.rs
--- a/src/routes/login.rs
+++ b/src/routes/login.rs
@@ -23,11 +23,16 @@
 pub async fn login(
     State(app): State<App>,
+    ConnectInfo(peer): ConnectInfo<SocketAddr>,
     Json(body): Json<LoginBody>,
 ) -> Result<Json<Session>, ApiError> {
+    let key = LimitKey::new(&body.email, peer.ip());
+    app.limiter.check(&key)?;
 
     let user = app.users.by_email(&body.email).await?;
-    if user.password != sha256(&body.password) {
+    if !verify_password(&user.password_hash, &body.password)? {
+        app.limiter.record_failure(&key);
         return Err(ApiError::Unauthorized);
     }
+    app.limiter.clear(&key);
     Ok(Json(app.sessions.create(user.id).await?))
 }
`;

const changedFile = (path: string, kind: string, added: number | null, deleted: number | null, binary = false) => ({ path, kind, folder: false, added, deleted, binary });

export class Fixture extends ScriptedApi {
  tellSamples(): void {
    const now = Date.now();
    const wave = (n: number) => 30 + 20 * Math.sin(n / 3) + (n % 7) * 6 + (n > 60 && n < 90 ? 120 * Math.sin((n - 60) / 10) : 0);
    const one = (worker: string, n: number) => ({ worker, at: new Date(now - (180 - n) * 5000).toISOString(), cpu_percent: Math.max(1, wave(n)), memory_bytes: (220 + n + (n % 5) * 4) * 1e6, processes: 9 });
    const samples = [
      ...Array.from({ length: 30 }, (_, n) => one('gemini-architect', n)),
      ...Array.from({ length: 8 }, (_, n) => one('codex-reviewer', 34 + n)),
      ...Array.from({ length: 138 }, (_, n) => one('claude-implementer', 43 + n)),
    ];
    this.tell([], { resources: [{ session: 's1', samples, disks: [{ folder: '/home/ada/code/shop-api', free_bytes: 84e9, total_bytes: 252e9 }] }] });
  }
}

export function fixture(state: string): Fixture {
  const api = new Fixture();
  const begun = new Date(Date.now() - 768_000).toISOString();
  const main: SessionView = aSession({
    goal: 'Add login with rate limiting to the web API',
    target: '/home/ada/code/shop-api',
    phase: 'implementation',
    created_at: begun,
    elapsed_ms: 768_000,
    seq: 1048,
    tokens: 181_000,
    workers: [
      aWorker('gemini', 'architect', { state: 'done', doing: 'wrote a plan of 5 items', attempt: 1, tokens: 12_000, cost_usd: 0.03, progress: 100, plan: { done: 5, all: 5 } }),
      aWorker('claude', 'implementer', { state: 'asking', doing: 'wants to run a command', attempt: 2, tokens: 148_000, cost_usd: 1.61, progress: 60, plan: { done: 3, all: 5 } }),
      aWorker('codex', 'reviewer', { state: 'waiting', doing: 'for Claude to finish its turn', attempt: 1, tokens: 21_000, progress: 50 }),
    ],
    reviews,
    decisions,
    decision: null,
    recoveries: 1,
    files_changed: ['Cargo.lock', 'Cargo.toml', 'src/auth/limiter.rs', 'src/auth/mod.rs', 'src/auth/password.rs', 'src/routes/login.rs', 'tests/login.rs'],
    grants: [{ id: 'g1', worker: 'claude-implementer', what: 'run `cargo fetch`', exactly: 'exactly this command', by: 'person', rule: null, given_at: '2026-11-22T10:55:00.000Z', ends: 'when the session ends' }],
  });
  if (state === 'asks') {
    main.approvals = [anApproval({ cwd: main.target })];
    main.needs_you = [{ id: 'ap_1', kind: 'approval', title: 'Claude wants to run `cargo add argon2`', details: '', required_actions: [], suggestions: [] }];
  }
  if (state === 'finished') Object.assign(main, { state: 'finished', decision: 'log_warning', phase: 'done', ended_at: at('11:20:00'), reason: 'one concern: go on with a warning', grants: [] });
  if (state === 'paused') Object.assign(main, { state: 'paused', decision: 'pause_and_clarify', phase: 'review', grants: [] });
  if (state === 'running') main.grants = [];
  api.sessions = [
    main,
    aSession({ id: 's2', goal: 'Fix the flaky checkout test', target: '/home/ada/code/checkout-e2e', created_at: new Date(Date.now() - 21_840_000).toISOString() }),
    aSession({ id: 's3', goal: 'Move cron to the queue', target: '/home/ada/code/billing-jobs', state: 'paused' }),
    aSession({ id: 's4', goal: 'Rename the core crate', target: '/home/ada/code/shop-api', state: 'finished', decision: 'continue' }),
    aSession({ id: 's5', goal: 'Drop legacy sessions', target: '/home/ada/code/shop-api', state: 'stopped' }),
  ];
  api.entries.set('s1', story);
  api.rows = 1_048_576;
  const lines = ['Bash · npx playwright test checkout.spec.ts --repeat-each 20', 'Running 20 tests using 4 workers', 'ok  1 checkout.spec.ts:14 › pays with a saved card (1.2s)', 'The fourth run waits for a toast that is already gone.', 'edit tests/checkout.spec.ts +6 -3'];
  api.row = (index) => {
    const seq = index + 1;
    if (seq % 349_525 === 207 || seq === 1_048_565) return aLogRow(seq, { kind: 'malformed', severity: 'warning', text: 'Half a JSON line, 4 096 bytes read, no line end' });
    if (seq % 87_381 === 5 || seq === 1_048_560) return aLogRow(seq, { kind: 'unrecognized', severity: 'warning', text: 'unknown type "rate_limit_event"; kept and counted' });
    if (seq % 300_000 === 3 || seq === 1_048_571) return aLogRow(seq, { kind: 'tool_ended', severity: 'error', text: 'failed, exit 1 · Timed out 5000ms waiting for getByText("Order placed")' });
    if (seq % 11 === 4) return aLogRow(seq, { worker: null, kind: 'checkpoint_taken', text: 'checkpoint 41: 214 files, 2 changed' });
    return aLogRow(seq, { kind: ['tool_started', 'message', 'tool_ended', 'thought', 'files_changed'][seq % 5]!, text: lines[seq % 5]! });
  };
  api.raws.set(1_048_565, { text: '{"type":"assistant","message":{"id":"msg_01Hk","role":"assistant","content":[{"type":"text","text":"The toast is removed after 4 s, the test waits for it after 5 s, so it can ', bytes: 4096, place: 'event 1048565 of claude-implementer', wrong: 'half a JSON line' });
  api.points = [0, 1, 2, 3, 4, 5].map((number) => ({ number, at: at(`10:${41 + number * 4}:00`), digest: digest(number), files: 214 + number, changed: number, restored: null }));
  api.changedFiles = [
    changedFile('Cargo.lock', 'modified', 19, 17),
    changedFile('Cargo.toml', 'modified', 2, 1),
    changedFile('assets/logo.png', 'modified', null, null, true),
    changedFile('src/auth/limiter.rs', 'added', 118, 0),
    changedFile('src/auth/mod.rs', 'modified', 4, 1),
    changedFile('src/auth/password.rs', 'added', 46, 0),
    changedFile('src/routes/login.rs', 'modified', 6, 1),
    changedFile('tests/login.rs', 'added', 92, 0),
  ];
  api.diffs.set('src/routes/login.rs', DIFF);
  api.diffs.set('assets/logo.png', 'diff --git a/assets/logo.png b/assets/logo.png\nBinary files a/assets/logo.png and b/assets/logo.png differ\n');
  api.diffs.set('Cargo.lock', 'diff --git a/Cargo.lock b/Cargo.lock\n--- a/Cargo.lock\n+++ b/Cargo.lock\n@@ -1,2 +1,3 @@\n [[package]]\n-name = "a"\n+name = "argon2"\n+version = "0.5.3"\n');
  api.detailsView = {
    guarantees: [],
    agents: [
      { agent: 'gemini', path: '/usr/local/bin/gemini', version: '0.61.0', model: 'pro' },
      { agent: 'claude', path: '/home/ada/.local/bin/claude', version: '2.1.330 (Claude Code)', model: 'sonnet' },
      { agent: 'codex', path: '/home/ada/.npm/bin/codex', version: 'codex-cli 0.156.0', model: null },
    ],
    recoveries: [
      { seq: 50, at: at('10:49:44'), worker: 'claude-implementer', text: 'its process ended unexpectedly (crashed): goes on – try 1 of 3', outcome: 'tried' },
      { seq: 51, at: at('10:51:02'), worker: 'claude-implementer', text: 'recovered (crashed)', outcome: 'worked' },
    ],
    places: [
      { name: 'Session folder', path: '/home/ada/.local/share/meta-orchestrator/sessions/orch_20261122_104112_7f3a' },
      { name: 'Transcripts', path: '/home/ada/.local/share/meta-orchestrator/sessions/orch_20261122_104112_7f3a/transcripts' },
      { name: 'Data folder', path: '/home/ada/.local/share/meta-orchestrator' },
    ],
    version: '0.1.0',
  };
  api.receipts.set(3, {
    number: 3,
    checkpoint: digest(4),
    reviews: [
      { reviewer: 'gemini-architect', subject: 'claude-implementer', version: '0.61.0', model: 'pro', verdict: 'inconclusive', carried_over: false },
      { reviewer: 'codex-reviewer', subject: 'claude-implementer', version: '0.156.0', model: null, verdict: 'concern', carried_over: false },
    ],
    grants: [],
    cost_usd: null,
    cost_known_usd: 1.64,
    path: '/x/receipts/decision-3.json',
    verify: "orchestrate verify '/x/receipts/decision-3.json'",
  });
  return api;
}
