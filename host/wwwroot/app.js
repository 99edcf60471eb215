// One page over the public API: it reads, shows, and asks again when the journal moves (or every five seconds without a stream).
const POLL_MS = 5000, SETTLE_MS = 400;
const kinds = {
  built: "good", reused: "good", cached: "good",
  failed: "bad", failed_attempt: "bad", missing: "bad", system_recipe_failed: "bad",
  building: "busy", retry: "busy",
};
const tiles = [
  ["Built", ["built"], "good"], ["Reused", ["reused", "cached"]],
  ["Failed", ["failed", "missing", "system_recipe_failed"], "bad"], ["Retried", ["retry"]], ["Cancelled", ["cancelled"]],
];
const $ = id => document.getElementById(id);
let hints = new Map();

class Refusal extends Error {
  constructor(status, detail) { super(detail); this.status = status; }
}

async function call(path, method = "GET", body) {
  let response;
  try {
    response = await fetch(path, {
      method, headers: { Accept: "application/json", ...(method === "GET" ? {} : { "Content-Type": "application/json" }) },
      body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
    });
  } catch {
    throw new Refusal(0, "The server cannot be reached.");
  }
  const text = await response.text();
  let answer = null;
  try { answer = text ? JSON.parse(text) : null; } catch { /* said below */ }
  if (!response.ok) throw new Refusal(response.status, answer?.detail ?? `The server answered ${response.status}.`);
  return answer;
}

// Everything shown is set as text, so a name or a log line can never become markup.
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name, value);
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

function fill(list, items, draw, nothing) {
  list.replaceChildren(...(items.length ? items.map(draw) : [el("li", { class: "empty" }, nothing)]));
  list.removeAttribute("aria-busy");
}

function fault(list, error, what) {
  const text = error.status === 404 ? `${what} is not served here.` : error.message;
  list.replaceChildren(el(list.tagName === "DL" ? "div" : "li", { class: "empty", "data-kind": error.status === 404 ? undefined : "bad" }, text));
  list.removeAttribute("aria-busy");
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
function ago(timestamp) {
  const seconds = (Date.parse(timestamp) - Date.now()) / 1000;
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 5 ? "now" : relative.format(Math.trunc(seconds), "second");
}
const when = timestamp => timestamp
  ? el("time", { datetime: timestamp, title: new Date(timestamp).toLocaleString() }, ago(timestamp)) : null;
const duration = ms => ms === undefined || ms === null ? null : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 60000 ? 1 : 0)} s`;

function title(name, version) {
  return el("p", { class: "title" }, el("strong", {}, name), " ", el("span", { class: "version" }, version));
}

function wheel(event) {
  const tags = [event.python_tag, event.platform_tag].filter(Boolean).join(" · ");
  const attempt = event.attempt > 1 ? `attempt ${event.attempt}` : null;
  // What says by itself how long it took needs no second figure beside it.
  const took = / in [0-9.]+ s\.$/.test(event.detail ?? "") ? null : duration(event.duration_ms);
  const detail = [event.detail, attempt, tags, took].filter(Boolean).join(" · ");
  return el("li", { class: "event" },
    el("span", { class: "status", "data-kind": kinds[event.status] }, event.status.replaceAll("_", " ")),
    title(event.name, event.version ?? ""), when(event.timestamp),
    detail || kinds[event.status] === "bad" ? el("p", { class: "detail" }, detail, detail ? " " : null, log(event)) : null);
}

function log(event) {
  if (kinds[event.status] !== "bad" || !event.version) return null;
  const path = `api/logs/${encodeURIComponent(event.name)}/${encodeURIComponent(event.version)}`;
  return el("a", { href: event.attempt ? `${path}?attempt=${event.attempt}` : path }, "Log");
}

// Events come newest first, so the first of a build is how it stands now.
function builds(events) {
  const latest = new Map();
  for (const event of events) {
    const build = event.metadata?.step_id ?? JSON.stringify([event.run_id, event.name, event.version]);
    if (!latest.has(build)) latest.set(build, event);
  }
  return [...latest.values()];
}

function failure(event) {
  const notes = (event.matched_hint_ids ?? []).map(id => hints.get(id)?.note).filter(Boolean);
  // What a hint says stands below in its own frame, so not in the sentence as well.
  const item = wheel({ ...event, detail: notes.reduce((detail, note) => detail?.replace(` ${note}`, ""), event.detail) });
  for (const id of event.matched_hint_ids ?? []) {
    const hint = hints.get(id);
    const recipes = Object.entries(hint?.recipes ?? {}).map(([manager, packages]) => `${manager}: ${packages.join(" ")}`).join("  ");
    item.append(el("p", { class: "hint" }, hint?.note ?? `Hint ${id}`, recipes ? " " : null, recipes ? el("code", {}, recipes) : null));
  }
  return item;
}

function queued(item) {
  const notes = [
    item.attempts > 0 ? `attempt ${item.attempts + 1}` : null,
    item.priority ? `priority ${item.priority}` : null,
    [item.python_tag, item.platform_tag].filter(Boolean).join(" · "),
    (item.recipes ?? []).join(" "),
  ].filter(Boolean).join(" · ");
  return el("li", { class: "event" }, title(item.package, item.version ?? "newest"), when(item.enqueued_at),
    notes ? el("p", { class: "detail" }, notes) : null);
}

function tile(label, total, kind) {
  return el("div", { "data-kind": total ? kind : undefined }, el("dt", {}, label), el("dd", {}, total.toLocaleString("en")));
}

async function showSummary() {
  try {
    const [answer, queue] = await Promise.all([call("api/summary?failure_limit=20"), call("api/queue/stats")]);
    const counts = answer.status_counts ?? {};
    $("summary").replaceChildren(
      tile("Building now", queue.running, "busy"),
      ...tiles.map(([label, words, kind]) => tile(label, words.reduce((sum, word) => sum + (counts[word] ?? 0), 0), kind)));
    $("summary").removeAttribute("aria-busy");
    const failures = answer.failures ?? [];
    if (failures.some(event => (event.matched_hint_ids ?? []).some(id => !hints.has(id)))) await readHints();
    fill($("failures"), failures, failure, "Nothing has failed. Hints appear here when a build log matches one.");
  } catch (error) {
    fault($("summary"), error, "History");
    fault($("failures"), error, "History");
  }
}

async function readHints() {
  try {
    hints = new Map((await call("api/hints?limit=500")).map(hint => [hint.id, hint]));
  } catch { /* the ids are shown instead of the notes */ }
}

async function showEvents() {
  try { fill($("events"), builds(await call("api/recent?limit=100")).slice(0, 30), wheel, "Nothing has happened yet. Add a package to the queue and build it."); }
  catch (error) { fault($("events"), error, "History"); }
}

async function showQueue() {
  try {
    const answer = await call("api/queue?limit=50");
    $("queue-length").textContent = answer.length ? String(answer.length) : "";
    fill($("queue"), answer.items, queued, "The queue is empty.");
    if (answer.length > answer.items.length) $("queue").append(el("li", { class: "empty" }, `and ${answer.length - answer.items.length} more`));
  } catch (error) { fault($("queue"), error, "The queue"); }
}

async function showAbout() {
  try {
    const config = await call("api/config");
    Object.assign($("enqueue").elements.version, config.strategy === "pinned" ? { required: true, placeholder: "2.1.5" } : { required: false, placeholder: "newest" });
    $("about").textContent = [
      config.target.python, config.target.platform_tag, config.strategy,
      `${config.queue_backend} queue`, config.db.kind, `version ${config.version}`,
    ].filter(Boolean).join(" · ");
  } catch { /* the rest of the page says that the server is away */ }
}

let busy = false, again = false;
async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  await Promise.all([showSummary(), showEvents(), showQueue()]);
  busy = false;
  if (again) { again = false; setTimeout(refresh, SETTLE_MS); }
}

let settling = 0;
function moved() {
  if (settling) return;
  settling = setTimeout(() => { settling = 0; refresh(); }, SETTLE_MS);
}

function live(state, text) {
  $("live").dataset.state = state;
  $("live").textContent = text;
}

// Read by hand instead of by EventSource, which hides events with names and cannot tell an absent stream from a lost one.
async function follow() {
  let last = "";
  while (true) {
    let state = "poll";
    try {
      const response = await fetch("api/events/stream", { headers: { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) } });
      if (response.ok && response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
        live("live", "live");
        moved();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
          const lines = (rest + chunk.value).split("\n");
          rest = lines.pop();
          for (const line of lines) {
            if (line.startsWith("id:")) last = line.slice(3).trim();
            if (line.startsWith("data:")) moved();
          }
        }
      } else if (response.status === 400) last = "";
    } catch { state = "off"; }
    live(state, state === "off" ? "server away" : "every 5 s");
    await new Promise(resolve => setTimeout(resolve, POLL_MS));
    await refresh();
  }
}

function say(text, kind) {
  $("said").textContent = text;
  $("said").dataset.kind = kind ?? "good";
  $("said").hidden = false;
}

function askToken() {
  $("token").value = "";
  $("ask-said").hidden = true;
  $("ask").showModal();
  return new Promise(resolve => $("ask").addEventListener("close", async () => {
    if ($("ask").returnValue !== "ok" || !$("token").value) return resolve(false);
    try {
      await call(`api/session/token?token=${encodeURIComponent($("token").value)}`, "POST");
      resolve(true);
    } catch (error) {
      say(error.message, "bad");
      resolve(false);
    }
  }, { once: true }));
}

async function write(path, body, button) {
  button.disabled = true;
  try {
    let answer;
    try { answer = await call(path, "POST", body); }
    catch (error) {
      if (error.status !== 401 || !(await askToken())) throw error;
      answer = await call(path, "POST", body);
    }
    say(answer?.detail ?? "Done.");
    moved();
    return true;
  } catch (error) {
    say(error.message, "bad");
    return false;
  } finally {
    button.disabled = false;
  }
}

$("enqueue").addEventListener("submit", async event => {
  event.preventDefault();
  const form = event.currentTarget, data = new FormData(form);
  const version = data.get("version").trim();
  const body = { package: data.get("package").trim(), ...(version ? { version } : {}) };
  if (await write("api/queue/enqueue", body, event.submitter ?? form.querySelector("button"))) {
    form.reset();
    form.elements.package.focus();
  }
});
$("trigger").addEventListener("click", event => write("api/worker/trigger", {}, event.currentTarget));
document.addEventListener("visibilitychange", () => document.hidden || moved());

showAbout();
refresh();
follow();
