// The operator page. It shows what the daemon answers and nothing it has computed itself; text from outside goes into
// the page as text nodes only. The address after "#" says what is shown; the secret stays in sessionStorage.
import { words } from "./words.js";

const refresh_ms = 5000;
const open_states = ["waiting", "active", "deferred", "parked"];
const every_state = [...open_states, "delivered", "refused", "recalled", "expired"];

let language = localStorage.getItem("vanthu.language") === "en" ? "en" : "vi";
let secret = sessionStorage.getItem("vanthu.secret") ?? "";
let clock_offset = 0; // server's clock minus ours, ms
let updated_at = null; // by our clock
let answering = true;
let asked_for_secret = false, secret_was_wrong = false;
let shown = null; // the last answer for the present view
let further = []; // further pages of the list of documents
let opened = ""; // the quarantine entry or document whose form is open
let unsure = ""; // the document that may have arrived, as the refusal to return it said
let round = 0; // answers of an earlier view are dropped
let timer = 0;

// ---- words, times -------------------------------------------------------------------------------------------------
const word = (key, ...values) => (words[key]?.[language === "vi" ? 0 : 1] ?? key)
  .replace(/\{(\d)\}/g, (_, i) => String(values[i] ?? ""));
const known_word = (prefix, value) => (words[prefix + value] ? word(prefix + value) : visible(value));
const told = (object, name) => object[`${name}_${language}`] || "";
const count = (n) => new Intl.NumberFormat(language === "vi" ? "vi-VN" : "en-GB").format(n);

// Control characters and marks that turn the direction of text are shown, never obeyed.
const visible = (text) => String(text ?? "").replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) =>
  c === "\n" || c === "\t" ? " " : `\u27e8U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`);

const absolute_format = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh", day: "2-digit", month: "2-digit",
  year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const absolute = (ms) => absolute_format.format(ms).replace(",", "");
function relative(ms) {
  const seconds = Math.round((ms - (Date.now() + clock_offset)) / 1000), size = Math.abs(seconds);
  if (size < 5) return word(seconds > 0 ? "very_soon" : "just_now");
  const [unit, length] = size < 90 ? ["second", 1] : size < 5400 ? ["minute", 60] : size < 129600 ? ["hour", 3600] : ["day", 86400];
  return new Intl.RelativeTimeFormat(language, { numeric: "always" }).format(Math.round(seconds / length), unit);
}

// ---- elements -----------------------------------------------------------------------------------------------------
function h(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {}))
    if (value !== undefined && value !== null && value !== false) e.setAttribute(name, value === true ? "" : String(value));
  e.append(...children.flat(9).filter((c) => c !== undefined && c !== null && c !== false && c !== ""));
  return e;
}
const foreign = (text, tag = "bdi") => h(tag, { dir: "auto" }, visible(text));
function moment(at, both = true) {
  if (!at) return word("none");
  const ms = Date.parse(at);
  return h("time", { datetime: at, "data-at": ms, "data-both": both, title: `${absolute(ms)} (UTC+7)` }, time_text(ms, both));
}
const time_text = (ms, both) => (both ? `${absolute(ms)} (${relative(ms)})` : relative(ms));
const badge = (state, text) => h("span", { class: `badge s-${every_state.includes(state) ? state : "other"}` }, text ?? known_word("state_", state));
const hash_text = (hex) => (hex ? h("code", { class: "hash", title: hex }, hex.slice(0, 16), "…") : word("none"));
const cell = (label, ...content) => h("td", { "data-label": label }, ...content);
const number_cell = (label, n, loud) => h("td", { "data-label": label, class: `n${loud && n > 0 ? " loud" : ""}` }, count(n));
const table = (caption, heads, rows) => h("div", { class: "scroll" }, h("table", null, h("caption", { class: "hidden" }, caption),
  h("thead", null, h("tr", null, heads.map((t) => h("th", { scope: "col" }, t)))), h("tbody", null, rows)));
const due = (l) => (l.waiting === 0 ? word("none") : Date.parse(l.next_due_at) > Date.now() + clock_offset ? moment(l.next_due_at) : word("very_soon"));
const section = (title, ...content) => h("section", null, h("h2", null, title), ...content);
const link_to = (id, text) => h("a", { href: `#/documents/${id}` }, text);
const number_text = (d) => [d.number, d.notation].filter(Boolean).join("/") || d.document_id;

// Makes `old` look like `fresh` and touches only what differs: focus, selection and scrolling stay.
function patch(old, fresh) {
  const a = [...old.childNodes], b = [...fresh.childNodes];
  b.forEach((next, i) => {
    const now = a[i];
    if (!now) return old.append(next);
    if (now.nodeName !== next.nodeName || now.getAttribute?.("data-key") !== next.getAttribute?.("data-key")) return now.replaceWith(next);
    if (now.nodeType === Node.TEXT_NODE) {
      if (now.data !== next.data) now.data = next.data;
      return;
    }
    for (const { name } of [...now.attributes]) if (!next.hasAttribute(name) && name !== "open") now.removeAttribute(name);
    for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    patch(now, next);
  });
  for (const extra of a.slice(b.length)) extra.remove();
}

// ---- asking the daemon --------------------------------------------------------------------------------------------
class refused extends Error {
  constructor(status, object) {
    super(object?.code ?? String(status));
    this.status = status;
    this.object = object ?? {};
  }
}
async function ask(path, body) {
  const headers = secret ? { Authorization: `Bearer ${secret}` } : {};
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), cache: "no-store",
    credentials: "omit", redirect: "error", signal: AbortSignal.timeout(15000) });
  const object = await answer.json().catch(() => null);
  if (!answer.ok || !object) throw new refused(answer.status, object);
  if (object.now) clock_offset = Date.parse(object.now) - Date.now();
  return object;
}

// ---- where we are -------------------------------------------------------------------------------------------------
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, id] = path.split("/");
  if (view === "documents" && id) return { view: "document", id: decodeURIComponent(id) };
  if (view === "documents") return { view, query: new URLSearchParams(query ?? "") };
  return { view: view === "quarantine" ? view : "overview" };
}
const list_address = (query, before) => {
  const p = new URLSearchParams();
  for (const name of ["q", "state"]) if (query.get(name)) p.set(name, query.get(name));
  if (before) p.set("before", before);
  return `/api/documents?${p}`;
};

async function load() {
  clearTimeout(timer);
  const mine = ++round, here = place();
  try {
    const answer = here.view === "overview" ? await ask("/api/overview")
      : here.view === "documents" ? await ask(list_address(here.query))
      : here.view === "quarantine" ? await ask("/api/quarantine")
      : await ask(`/api/documents/${encodeURIComponent(here.id)}`).catch((e) => {
          if (e.status === 404) return { missing: true };
          throw e;
        });
    if (mine !== round) return;
    shown = answer;
    answering = true;
    updated_at = Date.now();
    asked_for_secret = secret_was_wrong = false;
    if (answer.version) document.getElementById("facts").replaceChildren(
      word("facts", answer.version, visible(answer.node), answer.registry_version, absolute(Date.parse(answer.started_at))));
    if (answer.organisation) document.getElementById("who").replaceChildren(foreign(answer.organisation));
  } catch (e) {
    if (mine !== round) return;
    if (e instanceof refused && e.status === 401) {
      secret_was_wrong = secret !== "";
      forget();
    } else if (e instanceof refused && e.object.code) {
      answering = true;
      say(`${told(e.object, "message")} ${told(e.object, "action")}`, true);
    } else {
      answering = false;
    }
  }
  render();
  if (!asked_for_secret) timer = setTimeout(load, refresh_ms);
}
function forget() {
  secret = "";
  sessionStorage.removeItem("vanthu.secret");
  shown = null;
  updated_at = null;
  asked_for_secret = true;
  for (const id of ["who", "facts"]) document.getElementById(id).replaceChildren();
}

// ---- views --------------------------------------------------------------------------------------------------------
function secret_view() {
  return h("form", { class: "card narrow", "data-form": "secret", "data-key": "secret" },
    h("h1", null, word("secret_title")),
    h("p", null, word("secret_ask")),
    secret_was_wrong && h("p", { class: "wrong", role: "alert" }, word("secret_wrong")),
    h("label", { for: "secret" }, word("secret_label")),
    h("input", { id: "secret", name: "secret", type: "password", autocomplete: "off", required: true, spellcheck: "false" }),
    h("button", { class: "main" }, word("enter")));
}

// A next hop that takes nothing now: which state, and in one sentence why and when it is asked again.
function destination(d) {
  if (!d || d.state === "closed") return h("span", { class: "dim" }, word("destination_closed"));
  const look = d.state === "paused" || d.state === "no_documents" ? "deferred" : "parked";
  return [badge(look, known_word("destination_", d.state)), " ", h("span", { class: "why" }, foreign(told(d, "text")))];
}

function overview_view(o) {
  const tile = (s) => h("a", { class: `tile s-${s.state}${s.count ? "" : " zero"}`, href: `#/documents?state=${s.state}` },
    h("b", null, count(s.count)), h("span", null, told(s, "state")));
  const total = (state) => o.states.find((s) => s.state === state)?.count ?? 0;
  const attention = (state, empty) => {
    const items = o.attention[state];
    if (!items.length) return h("p", { class: "empty" }, word(empty));
    return [h("ul", { class: "attention" }, items.map(({ document: d, recipients }) => h("li", { "data-key": d.id, class: `s-${state}` },
      h("p", { class: "head" }, link_to(d.id, foreign(d.subject || number_text(d) || word("no_subject"))), " ", h("span", { class: "dim" }, visible(number_text(d)))),
      recipients.map((r) => h("p", { class: "line" }, badge(r.state, told(r, "state")), " → ", foreign(r.name || r.code), h("br"),
        h("span", { class: "why" }, visible(told(r, "why"))), r.next_attempt_at && [" ", h("span", { class: "next" }, "→ ", moment(r.next_attempt_at, false))]))))),
      total(state) > items.length && h("p", null, h("a", { href: `#/documents?state=${state}` }, word("show_all", count(total(state)))))];
  };
  return h("div", { "data-key": "overview" },
    h("h1", { class: "hidden" }, word("overview")),
    o.pressure.refusing && h("p", { class: "note", role: "alert" }, word("refusing_new", o.pressure.causes.map((c) => known_word("pressure_", c)).join(", "))),
    o.quarantined > 0 && h("p", { class: "note" }, h("a", { href: "#/quarantine" }, word("quarantined", count(o.quarantined)))),
    section(word("waiting_now"), h("div", { class: "tiles" }, o.states.filter((s) => !s.final).map(tile))),
    section(word("needs_somebody"), attention("parked", "needs_nobody")),
    section(word("tried_again"), attention("deferred", "nothing_deferred")),
    section(word("lanes"), o.lanes.length ? table(word("lanes"),
      ["hop", "destination", "waiting", "active", "oldest", "next_due", "since_start"].map((k) => word(k)),
      o.lanes.map((l) => h("tr", { "data-key": l.node }, h("th", { scope: "row" }, foreign(l.name), " ", h("span", { class: "dim" }, visible(l.node))),
        cell(word("destination"), destination(l.destination)), number_cell(word("waiting"), l.waiting), number_cell(word("active"), l.active), cell(word("oldest"), moment(l.oldest_created_at, false)),
        cell(word("next_due"), due(l)), cell(word("since_start"), `${count(l.delivered)} / ${count(l.deferred)} / ${count(l.refused)}`))))
      : h("p", { class: "empty" }, word("no_lanes"))),
    section(word("reconciliation"), o.reconciliation?.reports.length ? table(word("reconciliation"),
      ["other_node", "compared_at", "outcome", "found_repaired", "unrepaired"].map((k) => word(k)),
      o.reconciliation.reports.map((r) => h("tr", { "data-key": r.node }, h("th", { scope: "row" }, foreign(r.name), " ", h("span", { class: "dim" }, visible(r.node))),
        cell(word("compared_at"), moment(r.ended_at)), cell(word("outcome"), known_word("compared_", r.last_try.outcome), r.last_try.outcome === "failed" && [" ", h("span", { class: "dim" }, visible(r.last_try.code), " ", moment(r.last_try.ended_at))]),
        cell(word("found_repaired"), `${count(r.found)} / ${count(r.repaired)}`), number_cell(word("unrepaired"), r.found - r.repaired, true))))
      : h("p", { class: "empty" }, word("never_compared"))),
    section(word("inboxes"), o.inboxes.length ? table(word("inboxes"), ["organisation", "unacknowledged", "oldest", "not_fetched", "arrival_due_soon", "arrival_overdue"].map((k) => word(k)),
      o.inboxes.map((i) => h("tr", { "data-key": i.organisation }, h("th", { scope: "row" }, foreign(i.name)), number_cell(word("unacknowledged"), i.unacknowledged),
        cell(word("oldest"), moment(i.oldest_at)), number_cell(word("not_fetched"), i.not_fetched, true), number_cell(word("arrival_due_soon"), i.arrival_due_soon, true), number_cell(word("arrival_overdue"), i.arrival_overdue, true))))
      : h("p", { class: "empty" }, word("no_inboxes"))),
    section(o.ended_within_hours < 48 ? word("ended_hours_ago", o.ended_within_hours) : word("ended_lately", Math.round(o.ended_within_hours / 24)),
      h("div", { class: "tiles" }, o.states.filter((s) => s.final).map(tile)), h("p", { class: "dim" }, word("consignments_hint"))));
}

function documents_view(list, here) {
  const pages = [list, ...further], all = pages.flatMap((p) => p.documents), last = pages[pages.length - 1];
  const looked = pages.reduce((n, p) => n + p.looked_at, 0), searching = here.query.get("q") || here.query.get("state");
  const row = (d) => h("tr", { "data-key": d.id },
    cell(word("subject"), h("div", { class: "subject" }, d.kind === "status" && h("span", { class: "kind" }, `${word("status_packet")} ${visible(d.status?.code)}: ${visible(told(d.status ?? {}, "name"))} `),
      link_to(d.id, foreign(d.subject || d.status?.description || number_text(d) || word("no_subject"))))),
    h("td", { "data-label": word("number"), class: "tight" }, foreign(number_text(d))),
    cell(word("from"), foreign(d.from.name || d.from.code)),
    cell(word("received"), moment(d.received_at)),
    cell(word("state"), h("span", { class: "badges" }, Object.entries(d.states).map(([s, n]) => badge(s, `${known_word("state_", s)}${n > 1 ? ` × ${n}` : ""}`)))));
  return h("div", { "data-key": "documents" },
    h("h1", null, word("documents")),
    h("form", { class: "search", role: "search", "data-form": "search" },
      h("div", null, h("label", { for: "q" }, word("search_label")), h("input", { id: "q", name: "q", type: "search", value: here.query.get("q") ?? "", maxlength: 200 })),
      h("div", null, h("label", { for: "state" }, word("state")), h("select", { id: "state", name: "state" },
        h("option", { value: "" }, word("any_state")),
        every_state.map((s) => h("option", { value: s, selected: here.query.get("state") === s }, word(`state_${s}`))))),
      h("button", { class: "main" }, word("search"))),
    all.length ? table(word("documents"), ["subject", "number", "from", "received", "state"].map((k) => word(k)), all.map(row))
      : h("p", { class: "empty" }, word("nothing_found")),
    searching && h("p", { class: "dim" }, word("looked_at", count(looked), count(all.length))),
    last.next_before && h("button", { type: "button", "data-action": "more" }, word(searching ? "search_on" : "more")));
}

// The business statuses in their order; what was passed over is told in words too, not by its look alone.
function rungs_view(rungs) {
  return h("ol", { class: "rungs", "aria-label": word("rungs") }, rungs.map((r) => h("li", { class: `r-${["reached", "passed_over"].includes(r.state) ? r.state : "waiting"}`, "data-code": r.code },
    visible(`${r.code} ${told(r, "name")}`), r.state !== "reached" && h("span", { class: "dim" }, ` (${known_word("rung_", r.state)})`))));
}

function steps_view(steps) {
  return h("ol", { class: "ladder" }, steps.map((s) => h("li", { class: `k-${/^[a-z_]+$/.test(s.kind) ? s.kind : "other"}` },
    h("span", { class: "at" }, moment(s.at)),
    h("span", { class: "what" }, foreign(told(s, "text"))),
    h("span", { class: "proof dim" }, s.by && h("span", null, word("by", visible(s.by))), s.claimed_at && h("span", null, word("claimed_at", absolute(Date.parse(s.claimed_at)))),
      s.proof && h("span", null, `${word("proof")}: SHA-256 `, hash_text(s.proof))))));
}

function document_view(o) {
  const back = h("p", null, h("a", { href: "#/documents" }, "← ", word("back")));
  if (o.missing) return h("div", { "data-key": "missing" }, back, h("p", { class: "empty", role: "alert" }, word("document_unknown")));
  const d = o.document, size = (n) => (n < 1024 ? `${n} B` : n < 1048576 ? `${(n / 1024).toFixed(1)} KB` : `${(n / 1048576).toFixed(1)} MB`);
  const fact = (key, value) => value && h("div", null, h("dt", null, word(key)), h("dd", null, value));
  return h("article", { "data-key": d.id },
    back,
    h("h1", null, foreign(d.subject || d.status?.description || number_text(d) || word("no_subject"))),
    h("dl", { class: "card facts" },
      fact("number", d.number || d.notation ? foreign(number_text(d)) : null), fact("document_id", foreign(d.document_id)), fact("date", visible(d.date)),
      fact("type", visible(d.type_name)), fact("from", [foreign(d.from.name), " ", h("span", { class: "dim" }, visible(d.from.code))]),
      fact("signer", visible(d.signer)), fact("due", visible(d.due_date)), fact("priority", d.priority > 0 && known_word("priority_", d.priority)),
      d.status && fact("status_packet", `${visible(d.status.code)}: ${visible(told(d.status, "name"))}`),
      fact("received", moment(d.received_at)), fact("came_from", visible(d.came_from) || word("submitted_here")), fact("size", size(d.size)),
      fact("signatures", known_word("verdict_", d.signatures)), fact("origin", known_word("origin_", d.origin)),
      d.flags.length > 0 && fact("flags", h("span", { class: "wrong" }, d.flags.map((f) => known_word("flag_", f)).join("; "))),
      fact("our_id", h("code", null, d.id)), fact("proof", ["SHA-256 ", hash_text(d.packet_sha256)])),
    o.transfers.length > 0 && section(word("transfers"), table(word("transfers"), ["hop", "state", "attempts_head", "next_due", "last_attempt", "expires", ""].map((k) => (k === "attempts_head" ? "№" : k && word(k))),
      o.transfers.map((t) => h("tr", { "data-key": t.node }, h("th", { scope: "row" }, foreign(t.name), " ", h("span", { class: "dim" }, visible(t.node))),
        cell(word("state"), badge(t.state)), number_cell("№", t.attempts), cell(word("next_due"), moment(t.next_attempt_at)), cell(word("last_attempt"), moment(t.last_attempt_at)),
        cell(word("expires"), moment(t.expires_at, false)),
        h("td", null, t.can_release && h("button", { type: "button", "data-action": "release", "data-node": t.node }, word("release"))))))),
    o.recipients.some(is_parked) && h("p", { class: "row" }, h("button", { type: "button", "data-action": "release_document" }, word("release_document")),
      opened !== o.document.id && [" ", h("button", { type: "button", class: "danger", "data-action": "send_back" }, word("send_back"))]),
    opened === o.document.id && o.recipients.some(is_parked) && send_back_form(o.recipients.filter(is_parked).length, unsure === o.document.id),
    section(word("progress"),
      o.events_of_document.length > 0 && h("div", { class: "card" }, h("h3", null, word("of_document")), steps_view(o.events_of_document)),
      o.recipients.map((r) => h("div", { class: `card recipient s-${r.state}`, "data-key": r.code },
        h("h3", null, foreign(r.name || r.code), " ", h("span", { class: "dim" }, visible(r.code)), " ", badge(r.state, told(r, "state"))),
        told(r, "why") && h("p", { class: "why" }, visible(told(r, "why"))),
        r.next_attempt_at && h("p", { class: "next" }, `${word("next_attempt")}: `, moment(r.next_attempt_at), " · ", word("attempts", r.attempts), r.attempts_left !== undefined && `, ${word("attempts_left", r.attempts_left)}`),
        r.last_status && h("p", null, `${word("last_status")}: `, h("b", null, visible(`${r.last_status} – ${told(r, "last_status")}`))),
        r.deadlines.length > 0 && h("ul", { class: "plain deadlines" }, r.deadlines.map((d) => h("li", { class: `d-${d.state}`, "data-key": `${d.duty} ${d.by}` }, visible(told(d, "text"))))),
        rungs_view(r.rungs), steps_view(r.steps)))),
    section(word("signature_report"), h("details", { class: "card" }, h("summary", null, known_word("verdict_", d.signatures)),
      d.signature_report ? h("pre", null, visible_lines(d.signature_report)) : h("p", { class: "empty" }, word("no_report")))),
    d.attachments?.length > 0 && section(word("attachments"), h("ul", { class: "plain" }, d.attachments.map((a) =>
      h("li", null, foreign(a.name), " ", h("span", { class: "dim" }, a.size !== undefined ? size(a.size) : "", " "), a.sha256 ? hash_text(a.sha256) : "")))));
}
const is_parked = (r) => r.state === "parked";
const send_back_form = (recipients, unsure_of_it) => h("form", { class: "card destroy", "data-form": "send_back", "data-key": "send_back" },
  h("h2", null, word("send_back_title")), h("p", null, word("send_back_hint", count(recipients))),
  h("label", { for: "reason" }, word("reason")), h("input", { id: "reason", name: "reason", required: true, maxlength: 160 }),
  h("label", { for: "officer" }, word("officer")), h("input", { id: "officer", name: "officer", maxlength: 160 }),
  unsure_of_it && h("p", null, h("input", { id: "confirm", name: "confirm", type: "checkbox", value: "yes" }), " ", h("label", { for: "confirm" }, word("send_back_unsure"))),
  h("p", { class: "row" }, h("button", { class: "danger" }, word("send_back_now")), h("button", { type: "button", "data-action": "cancel" }, word("cancel"))));
const visible_lines = (value) => JSON.stringify(value, null, 2).split("\n").map(visible).join("\n");

function quarantine_view(o) {
  const form = (e) => h("form", { class: "card destroy", "data-form": "destroy", "data-id": e.id, "data-key": `form ${e.id}` },
    h("h2", null, word("destroy_title")), h("p", null, word("destroy_hint")),
    h("label", { for: "officer" }, word("officer")), h("input", { id: "officer", name: "officer", required: true, maxlength: 200 }),
    h("label", { for: "reason" }, word("reason")), h("input", { id: "reason", name: "reason", required: true, maxlength: 400 }),
    h("p", { class: "row" }, h("button", { class: "danger" }, word("destroy_now")), h("button", { type: "button", "data-action": "cancel" }, word("cancel"))));
  return h("div", { "data-key": "quarantine" }, h("h1", null, word("quarantine")), h("p", null, word("quarantine_hint")),
    o.entries.length ? h("ul", { class: "attention" }, o.entries.map((e) => h("li", { "data-key": e.id, class: "s-parked" },
      h("p", { class: "head" }, foreign(e.from_name || e.from), " ", h("span", { class: "dim" }, visible(e.from))),
      h("p", null, `${word("number")}: `, foreign(e.number)),
      h("p", { class: "dim" }, moment(e.at), ` · ${word("came_from")} `, visible(e.node), " · SHA-256 ", hash_text(e.packet_sha256)),
      opened === e.id ? form(e) : h("p", null, h("button", { type: "button", class: "danger", "data-action": "destroy", "data-id": e.id }, word("destroy"))))))
      : h("p", { class: "empty" }, word("quarantine_empty")));
}

// ---- putting it on the page ---------------------------------------------------------------------------------------
function render() {
  const here = place(), inside = !asked_for_secret;
  document.documentElement.lang = language;
  document.title = word("title");
  for (const e of document.querySelectorAll("[data-word]")) e.textContent = word(e.dataset.word);
  for (const b of document.querySelectorAll("[data-language]")) b.setAttribute("aria-pressed", String(b.dataset.language === language));
  document.getElementById("languages").setAttribute("aria-label", word("language"));
  document.getElementById("nav").hidden = !inside;
  document.getElementById("lock").hidden = !inside || !secret;
  for (const a of document.querySelectorAll("[data-view]"))
    a.toggleAttribute("aria-current", a.dataset.view === here.view || (a.dataset.view === "documents" && here.view === "document"));
  const fresh = document.createElement("main");
  if (asked_for_secret) fresh.append(secret_view());
  else if (shown) fresh.append(here.view === "overview" ? overview_view(shown) : here.view === "documents" ? documents_view(shown, here)
    : here.view === "quarantine" ? quarantine_view(shown) : document_view(shown));
  patch(document.getElementById("main"), fresh);
  tick();
}
function tick() {
  for (const t of document.querySelectorAll("time[data-at]")) {
    const text = time_text(Number(t.dataset.at), t.hasAttribute("data-both"));
    if (t.textContent !== text) t.textContent = text;
  }
  const at = updated_at === null ? "" : absolute(updated_at + clock_offset), trouble = document.getElementById("trouble");
  const updated = asked_for_secret ? "" : at ? word("updated", `${at} UTC+7`, relative(updated_at + clock_offset)) : word("never_updated");
  document.getElementById("updated").textContent = updated;
  const complaint = answering ? "" : at ? word("no_answer", at) : word("no_answer_yet");
  if (trouble.textContent !== complaint) trouble.textContent = complaint;
  trouble.hidden = answering;
  document.body.classList.toggle("stale", !answering);
}
let said_timer = 0;
function say(text, wrong) {
  const said = document.getElementById("said");
  said.textContent = visible(text);
  said.classList.toggle("wrong", Boolean(wrong));
  said.hidden = false;
  clearTimeout(said_timer);
  said_timer = setTimeout(() => { said.hidden = true; }, 8000);
}
async function act(work, done) {
  try {
    await work();
    if (done) say(done);
  } catch (e) {
    if (e instanceof refused && e.status === 401) return load();
    say(e instanceof refused && e.object.code ? `${told(e.object, "message")} ${told(e.object, "action")}` : word("no_answer_yet"), true);
  }
  await load();
}

// ---- what people do -----------------------------------------------------------------------------------------------
const actions = {
  language(b) {
    language = b.dataset.language;
    localStorage.setItem("vanthu.language", language);
    render();
  },
  lock() {
    secret_was_wrong = false;
    ++round;
    clearTimeout(timer);
    forget();
    render();
    document.getElementById("secret")?.focus();
  },
  release: (b) => act(() => ask("/api/transfers/release", { owner: shown.owner, document: shown.document.id, node: b.dataset.node }), word("released", b.dataset.node)),
  release_document: () => act(async () => {
    const done = await ask("/api/transfers/release", { owner: shown.owner, document: shown.document.id });
    const held = done.still_parked > 0 ? ` ${word("document_held", count(done.still_parked))}` : "";
    say(word("document_released", count(done.released.length), count(done.placed)) + held, done.still_parked > 0);
  }),
  send_back() {
    opened = shown.document.id;
    render();
    document.getElementById("reason")?.focus();
  },
  destroy(b) {
    opened = b.dataset.id;
    render();
    document.getElementById("officer")?.focus();
  },
  cancel() {
    opened = "";
    render();
  },
  more: () => act(async () => {
    const last = [shown, ...further].pop(), mine = round;
    const next = await ask(list_address(place().query, last.next_before));
    if (mine === round) further.push(next);
  }),
};
const forms = {
  secret(data) {
    secret = String(data.get("secret")).trim();
    sessionStorage.setItem("vanthu.secret", secret);
    document.getElementById("secret").value = "";
    load();
  },
  search(data) {
    const p = new URLSearchParams();
    for (const name of ["q", "state"]) if (String(data.get(name)).trim()) p.set(name, String(data.get(name)).trim());
    const next = p.size ? `#/documents?${p}` : "#/documents";
    if (next === location.hash) load();
    else location.hash = next;
  },
  send_back: (data) => act(async () => {
    const body = { owner: shown.owner, document: shown.document.id, reason: data.get("reason") };
    if (data.get("officer").trim()) body.officer = data.get("officer");
    if (data.get("confirm")) body.confirm = true;
    const done = await ask("/api/transfers/return", body).catch((e) => {
      if (e instanceof refused && e.object?.code === "delivery.may_have_arrived") unsure = body.document;
      throw e;
    });
    opened = unsure = "";
    say(word("sent_back", count(done.returned)));
  }),
  destroy: (data, form) => act(async () => {
    await ask(`/api/quarantine/${encodeURIComponent(form.dataset.id)}/destroy`, { officer: data.get("officer"), reason: data.get("reason") });
    opened = "";
  }, word("destroyed")),
};
document.addEventListener("click", (event) => {
  const b = event.target.closest?.("[data-action]");
  if (b) actions[b.dataset.action]?.(b);
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  forms[event.target.dataset.form]?.(new FormData(event.target), event.target);
});
function take_secret_from_address() {
  const given = location.hash.match(/^#secret=(.*)$/);
  if (!given) return false;
  secret = decodeURIComponent(given[1]);
  sessionStorage.setItem("vanthu.secret", secret);
  history.replaceState(null, "", `${location.pathname}#/`); // gone from the address bar and the history
  return true;
}
addEventListener("hashchange", () => {
  take_secret_from_address();
  if (location.hash === "#main") return document.getElementById("main").focus();
  shown = null;
  further = [];
  opened = "";
  load();
  document.getElementById("main").focus({ preventScroll: true });
  scrollTo(0, 0);
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && !asked_for_secret) load(); });

take_secret_from_address();
setInterval(tick, 1000);
render();
load();
