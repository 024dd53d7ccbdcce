// The page `/mail/ADDRESS`: a mailbox with its conversations. `/mail` offers the mailboxes there are.

import { api, poll, sentence } from "/static/api.js";
import { el, icon, linked, say, when, whenInFull } from "/static/dom.js";
import { addressInPath, chosenPerson, knownPeople, mountHeader } from "/static/header.js";
import { bodies, bytes, header, shortNames, snippet } from "/static/mail_parts.js";

const BOXES = { INBOX: "Inbox", SENT: "Sent", DRAFT: "Drafts", "": "All" };
const LISTED = 50;
const NAMED = ["From", "To", "Subject", "Date"];

const owner = addressInPath();
const person = chosenPerson();
const byId = (id) => document.getElementById(id);
const status = byId("status");
const panes = byId("panes");
const gmail = "/gmail/v1/users/me";

let box = "INBOX";
let shownList = "";
let shownThread = "";
// What a conversation is called does not change until its historyId does.
const known = new Map();

mountHeader({ here: "Mail", label: "Mailbox of", person: owner ?? person, open: (who) => `/mail/${encodeURIComponent(who)}` });
if (owner) openMailbox();
else offerMailboxes();

// Which mailbox

function offerMailboxes() {
  document.title = "Mailboxes · Workspace sandbox";
  byId("title").textContent = "Mailboxes";
  panes.className = "card";
  let before = "";
  poll(async () => {
    const people = await knownPeople();
    if (before === people.join()) return;
    before = people.join();
    panes.replaceChildren(el("ul", { class: "files" }, people.map((address) => el("li", {}, el("div", { class: "row" },
      el("a", { class: "file", href: `/mail/${encodeURIComponent(address)}` }, icon("person"), el("span", { class: "name" }, address)))))));
  }, 3000, (error) => say(status, sentence(error), "error"));
  say(status, "Every address that is written to has a mailbox here. For another one, type it above.");
}

function openMailbox() {
  document.title = `Mail of ${owner} · Workspace sandbox`;
  byId("title").textContent = owner;
  byId("boxes").append(...Object.entries(BOXES).map(([label, name]) => el("button", {
    type: "button", "data-box": label, onclick: () => { box = label; shownList = ""; refresh(); },
  }, name)));
  const refresh = poll(read, 2000, (error) => say(status, sentence(error), "error"));
  addEventListener("hashchange", () => { shownThread = ""; shownList = ""; refresh(); });
}

function chosenThread() {
  return new URLSearchParams(location.hash.slice(1)).get("thread");
}

// The list of conversations

async function read() {
  const asked = box;
  const labelIds = box || undefined;
  const answer = await api(owner, `${gmail}/threads`, { params: { maxResults: LISTED, labelIds } });
  const threads = await Promise.all((answer.threads ?? []).map(summary));
  await readThread();
  if (asked !== box) return;
  say(status, "New mail appears by itself.");
  const now = JSON.stringify([box, chosenThread(), threads, new Date().toDateString()]);
  if (now === shownList) return;
  shownList = now;
  renderList(threads);
}

async function summary({ id, historyId }) {
  const kept = known.get(id);
  if (kept && kept.historyId === historyId) return kept;
  const params = { format: "metadata", metadataHeaders: NAMED };
  const { messages = [] } = await api(owner, `${gmail}/threads/${id}`, { params });
  const last = messages.at(-1) ?? {};
  const senders = [...new Set(messages.flatMap((one) => shortNames(header(one, "From"))))];
  const receivers = [...new Set(messages.flatMap((one) => shortNames(header(one, "To"))))];
  const found = {
    id, historyId, senders, receivers, count: messages.length, subject: header(messages[0] ?? {}, "Subject"),
    snippet: snippet(last), at: Number(last.internalDate ?? 0), labels: [...new Set(messages.flatMap((one) => one.labelIds ?? []))],
  };
  known.set(id, found);
  return found;
}

function renderList(threads) {
  for (const button of byId("boxes").children) {
    button.setAttribute("aria-pressed", String(button.dataset.box === box));
  }
  const focused = document.activeElement?.dataset?.thread;
  const empty = { INBOX: "Nothing in the inbox.", SENT: "Nothing sent.", DRAFT: "No drafts." }[box] ?? "No mail.";
  byId("threads").replaceChildren(threads.length
    ? el("ul", {}, threads.map(entry))
    : el("p", { class: "empty" }, empty));
  if (focused) byId("threads").querySelector(`[data-thread="${CSS.escape(focused)}"]`)?.focus();
}

function entry(thread) {
  const names = box === "SENT" || box === "DRAFT" ? thread.receivers : thread.senders;
  const unread = thread.labels.includes("UNREAD");
  return el("li", {}, el("a", {
    href: `#thread=${thread.id}`, "data-thread": thread.id, class: unread ? "unread" : "",
    "aria-current": thread.id === chosenThread() ? "true" : null,
  },
  el("span", { class: "who" }, names.join(", ") || "(nobody)", thread.count > 1 ? el("span", { class: "muted" }, ` ${thread.count}`) : null),
  el("time", { dateTime: new Date(thread.at).toISOString(), title: whenInFull(thread.at) }, when(thread.at)),
  el("span", { class: "subject" }, unread ? el("span", { class: "visually-hidden" }, "Unread: ") : null, thread.subject || "(no subject)"),
  el("span", { class: "snippet" }, thread.snippet)));
}

// One conversation

async function readThread() {
  const id = chosenThread();
  panes.classList.toggle("reading", Boolean(id));
  if (!id) {
    shownThread = "";
    byId("thread").replaceChildren(el("p", { class: "empty" }, "Choose a conversation to read it."));
    return;
  }
  const kept = known.get(id);
  if (shownThread && kept && shownThread === `${id} ${kept.historyId}`) return;
  const thread = await api(owner, `${gmail}/threads/${id}`, { params: { format: "full" } });
  if (id !== chosenThread()) return;
  const first = !shownThread.startsWith(id);
  shownThread = `${id} ${thread.historyId}`;
  renderThread(thread, first);
  await markRead(thread);
}

async function markRead(thread) {
  const unread = (thread.messages ?? []).filter((one) => one.labelIds?.includes("UNREAD"));
  for (const message of unread) {
    await api(owner, `${gmail}/messages/${message.id}/modify`, { method: "POST", body: { removeLabelIds: ["UNREAD"] } });
  }
}

function renderThread(thread, first) {
  const open = new Map([...byId("thread").querySelectorAll("details.message")].map((one) => [one.dataset.id, one.open]));
  const messages = thread.messages ?? [];
  const now = messages.map((message, at) => {
    const last = at === messages.length - 1;
    return card(message, (first ? undefined : open.get(message.id)) ?? (last || messages.length < 4));
  });
  byId("thread").replaceChildren(
    el("a", { class: "back", href: "#" }, "‹ All conversations"),
    el("h2", {}, header(messages[0] ?? {}, "Subject") || "(no subject)"), ...now);
  if (first) byId("thread").scrollTop = 0;
}

function card(message, open) {
  const { html, text, files } = bodies(message.payload);
  const at = Number(message.internalDate ?? 0);
  const draft = message.labelIds?.includes("DRAFT");
  const body = el("div", { class: "body" });
  const show = (asText) => body.replaceChildren(html && !asText ? frame(html) : el("div", { class: "text" }, linked(text)));
  show(!html);
  const swap = html && text ? el("button", {
    type: "button", class: "quiet", "aria-pressed": "false",
    onclick: () => {
      const asText = swap.getAttribute("aria-pressed") !== "true";
      swap.setAttribute("aria-pressed", String(asText));
      show(asText);
    },
  }, "Plain text") : null;
  return el("details", { class: "message card", open, "data-id": message.id },
    el("summary", {},
      el("span", { class: "who" }, shortNames(header(message, "From")).join(", "), draft ? el("span", { class: "muted" }, " Draft") : null),
      el("time", { dateTime: new Date(at).toISOString(), title: whenInFull(at) }, when(at)),
      el("span", { class: "snippet" }, snippet(message))),
    el("dl", { class: "parties" }, ["From", "To", "Cc", "Bcc", "Reply-To"].flatMap((name) =>
      (header(message, name) ? [el("dt", {}, name), el("dd", {}, header(message, name))] : []))),
    body,
    files.length ? el("ul", { class: "attached" }, files.map((part) => attachment(message, part))) : null,
    el("div", { class: "more-of-it" }, swap,
      el("details", { class: "headers" }, el("summary", {}, "All headers"),
        el("pre", {}, (message.payload?.headers ?? []).map((one) => `${one.name}: ${one.value}`).join("\n")))));
}

/**
 * The mail's HTML in a frame of its own. Without `allow-scripts` nothing in it runs; `allow-same-origin` only lets this
 * page measure how high it is. The frame inherits the page's content security policy, so nothing is loaded either.
 */
function frame(html) {
  const element = el("iframe", { title: "Message", loading: "eager" });
  element.setAttribute("sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  const style = "body{margin:14px;font:15px/1.5 system-ui,sans-serif;color:#1d2227;background:#fff;overflow-wrap:anywhere}"
    + "img,table{max-width:100%}";
  element.srcdoc = `<!doctype html><base target="_blank"><style>${style}</style>${html}`;
  const fit = () => {
    const inside = element.contentDocument?.documentElement;
    if (inside) element.style.height = `${inside.scrollHeight}px`;
  };
  element.addEventListener("load", () => {
    fit();
    // Narrower windows break lines differently, and a closed message has no height until it is opened.
    new ResizeObserver(() => { element.style.height = "0"; fit(); }).observe(element.parentElement);
  });
  return element;
}

function attachment(message, part) {
  const name = part.filename || { "text/calendar": "Invitation" }[part.mimeType] || part.mimeType;
  return el("li", {}, el("button", { type: "button", onclick: () => save(message, part, name) },
    icon("clip"), name, el("span", { class: "muted" }, size(part.body?.size ?? 0))));
}

function size(count) {
  return count < 1024 ? `${count} bytes` : count < 1048576 ? `${Math.round(count / 1024)} KB` : `${(count / 1048576).toFixed(1)} MB`;
}

async function save(message, part, name) {
  try {
    const { data } = part.body.data !== undefined ? part.body
      : await api(owner, `${gmail}/messages/${message.id}/attachments/${part.body.attachmentId}`);
    const suffix = name.includes(".") ? "" : part.mimeType === "text/calendar" ? ".ics" : "";
    const address = URL.createObjectURL(new Blob([bytes(data)], { type: "application/octet-stream" }));
    el("a", { href: address, download: name + suffix }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  } catch (error) {
    say(status, sentence(error), "error");
  }
}
