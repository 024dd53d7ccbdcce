// The page `/calendar`: one person's calendar as month, week or agenda, the details of an event, and answering it.

import { api, pages, poll, sentence } from "/static/api.js";
import { addDays, addMonths, clock, eventsOn, monday, named, period, span, title, today } from "/static/calendar_days.js";
import { el, linked, say } from "/static/dom.js";
import { DEFAULT_PERSON, addressInPath, askedFor, chosenPerson, mountHeader } from "/static/header.js";

const VIEWS = { month: "Month", week: "Week", agenda: "Agenda" };
const AGENDA_DAYS = 30;
const MOST_IN_A_DAY = 4;
const ANSWERS = { accepted: "Yes", tentative: "Maybe", declined: "No" };
const ANSWERED = {
  accepted: ["✓", "accepted"], declined: ["✕", "declined"], tentative: ["?", "maybe"], needsAction: ["·", "has not answered"],
};

const owner = chosenPerson();
// `/calendar/ADDRESS?as=COLLEAGUE` looks at somebody else's calendar; without `as` everybody looks at their own.
const person = addressInPath() ? (askedFor() ?? owner) : owner;
const calendar = `/calendar/v3/calendars/${encodeURIComponent(owner === person ? "primary" : owner)}`;
const byId = (id) => document.getElementById(id);
const status = byId("status");
const dialog = byId("event");

let view = location.hash.slice(1).split(",")[0];
if (!VIEWS[view]) view = matchMedia("(max-width: 640px)").matches ? "agenda" : "month";
let timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
let day = location.hash.split(",")[1] ?? today(timeZone);
let events = [];
let shown = "";
let opened = null;
// `#month,DAY,ID` is the link of an event: it opens once the event is there.
let linkedTo = location.hash.split(",")[2];
let told = "";

mountHeader({
  here: "Calendar", label: "Calendar of", person: owner,
  open: (who) => (who === DEFAULT_PERSON ? "/calendar" : `/calendar/${encodeURIComponent(who)}`),
});
byId("views").append(...Object.entries(VIEWS).map(([name, label]) =>
  el("button", { type: "button", id: `view-${name}`, onclick: () => go(name, day) }, label)));
byId("previous").addEventListener("click", () => go(view, step(-1)));
byId("next").addEventListener("click", () => go(view, step(1)));
byId("today").addEventListener("click", () => go(view, today(timeZone)));
dialog.addEventListener("close", () => { opened = null; });
// A press beside the dialog closes it.
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
const refresh = poll(read, 2000, (error) => say(status, why(error), "error"));

function why(error) {
  return [403, 404].includes(error.status) ? `${person} does not see the calendar of ${owner}.` : sentence(error);
}

function step(direction) {
  if (view === "month") return addMonths(day, direction);
  return addDays(day, direction * (view === "week" ? 7 : AGENDA_DAYS));
}

function go(newView, newDay) {
  view = newView;
  day = newDay;
  shown = "";
  history.replaceState(null, "", `#${view},${day}`);
  refresh();
}

/** First day shown, and the day after the last. */
function range() {
  if (view === "agenda") return [day, addDays(day, AGENDA_DAYS)];
  if (view === "week") return [monday(day), addDays(monday(day), 7)];
  const first = monday(`${day.slice(0, 7)}-01`);
  const last = addDays(addMonths(day, 1), -1);
  return [first, addDays(monday(last), 7)];
}

async function read() {
  const asked = [view, day].join();
  const [from, to] = range();
  // A day more on each side: the calendar's midnight is not that of UTC.
  const params = {
    timeMin: `${addDays(from, -1)}T00:00:00Z`, timeMax: `${addDays(to, 1)}T00:00:00Z`,
    singleEvents: true, orderBy: "startTime", maxResults: 2500,
  };
  const found = await pages(person, `${calendar}/events`, params, (answer) => {
    timeZone = answer.timeZone ?? timeZone;
    return answer.items;
  });
  if (asked !== [view, day].join()) return;
  say(status, `Times in ${timeZone}. Changes appear by themselves.`);
  const now = JSON.stringify([asked, found, timeZone, today(timeZone)]);
  if (now === shown) return;
  shown = now;
  events = found.filter((event) => event.status !== "cancelled" && event.start);
  render();
  const meant = linkedTo && events.find((event) => event.id === linkedTo);
  if (meant) openEvent(meant);
  linkedTo = undefined;
  const still = opened && events.find((event) => event.id === opened);
  if (still && !dialog.contains(document.activeElement?.closest("input"))) fillDialog(still);
}

// Drawing

function render() {
  const [from, to] = range();
  const long = { day: "numeric", month: "long", year: "numeric" };
  const heading = view === "month"
    ? named(day, { month: "long", year: "numeric" })
    : `${named(from, { day: "numeric", month: "short" })} – ${named(addDays(to, -1), { ...long, month: "short" })}`;
  byId("title").textContent = heading;
  document.title = `${heading} · ${owner} · Workspace sandbox`;
  for (const name of Object.keys(VIEWS)) byId(`view-${name}`).setAttribute("aria-pressed", String(name === view));
  const focused = document.activeElement?.dataset?.key;
  byId("view").replaceChildren(view === "month" ? month(from, to) : view === "week" ? week(from) : agenda(from, to));
  if (focused) byId("view").querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function month(from, to) {
  const days = [];
  for (let one = from; one < to; one = addDays(one, 1)) days.push(one);
  return el("div", { class: "month" },
    days.slice(0, 7).map((one) => el("div", { class: "weekday", "aria-hidden": "true" }, named(one, { weekday: "short" }))),
    days.map((one) => {
      const found = eventsOn(events, one, timeZone);
      const rest = found.length - MOST_IN_A_DAY;
      const visible = rest > 1 ? found.slice(0, MOST_IN_A_DAY - 1) : found;
      return el("section", {
        class: `day ${one.slice(0, 7) === day.slice(0, 7) ? "" : "outside"} ${one === today(timeZone) ? "now" : ""}`,
        "aria-label": named(one, { weekday: "long", day: "numeric", month: "long" }),
      },
      el("button", { type: "button", class: "number", "aria-label": `Week of ${named(one, { day: "numeric", month: "long" })}`,
        onclick: () => go("week", one) }, String(Number(one.slice(8)))),
      visible.map((event) => chip(event, one)),
      rest > 1 ? el("button", { type: "button", class: "rest", onclick: () => go("week", one) },
        `${found.length - visible.length} more`) : null);
    }));
}

function week(from) {
  const days = [...Array(7).keys()].map((count) => addDays(from, count));
  return el("div", { class: "week" }, days.map((one) => {
    const found = eventsOn(events, one, timeZone);
    return el("section", { class: `day ${one === today(timeZone) ? "now" : ""}` },
      el("h2", {}, named(one, { weekday: "short", day: "numeric", month: "short" })),
      found.length ? found.map((event) => chip(event, one, true)) : el("p", { class: "muted none" }, "–"));
  }));
}

function agenda(from, to) {
  const parts = [];
  for (let one = from; one < to; one = addDays(one, 1)) {
    const found = eventsOn(events, one, timeZone);
    if (!found.length) continue;
    parts.push(el("section", { class: `day ${one === today(timeZone) ? "now" : ""}` },
      el("h2", {}, named(one, { weekday: "short", day: "numeric", month: "short" })),
      el("div", {}, found.map((event) => chip(event, one, true)))));
  }
  return parts.length
    ? el("div", { class: "agenda card" }, parts)
    : el("p", { class: "card empty" }, `Nothing in these ${AGENDA_DAYS} days.`);
}

function chip(event, onDay, roomy = false) {
  const allDay = Boolean(event.start.date);
  const { first, last } = span(event, timeZone);
  const from = onDay === first && !allDay ? clock(event.start.dateTime, timeZone) : "";
  const to = onDay === last && !allDay ? clock(event.end.dateTime, timeZone) : "";
  const time = roomy ? (allDay ? "All day" : [from || "…", to || "…"].join(" – ")) : from;
  const mine = ownAnswer(event);
  return el("button", {
    type: "button", "data-key": `${event.id} ${onDay}`, title: `${title(event)}\n${period(event, timeZone)}`,
    class: `chip ${allDay ? "whole" : ""} ${mine ?? ""} ${event.transparency === "transparent" ? "free" : ""}`,
    onclick: () => openEvent(event),
  }, time ? el("span", { class: "time" }, time) : null, el("span", { class: "title" }, title(event)));
}

// One event

function openEvent(event) {
  opened = event.id;
  told = "";
  fillDialog(event);
  dialog.showModal();
}

function fillDialog(event) {
  const guests = [...(event.attendees ?? [])];
  const lines = [
    el("h2", { id: "event-title" }, title(event)),
    el("p", { class: "period" }, period(event, timeZone)),
    event.location ? el("p", {}, linked(event.location)) : null,
    event.eventType && event.eventType !== "default" ? el("p", { class: "muted" }, eventKind(event.eventType)) : null,
    event.description ? el("div", { class: "description" }, linked(plain(event.description))) : null,
    guests.length ? el("h3", {}, `Guests (${guests.length})`) : null,
    guests.length ? el("ul", { class: "guests" }, guests.map(guest)) : null,
    event.organizer?.email ? el("p", { class: "muted" }, `Organised by ${event.organizer.email}`) : null,
    answerForm(event),
    el("form", { method: "dialog" }, el("button", {}, "Close")),
  ];
  dialog.replaceChildren(...lines.filter(Boolean));
}

function eventKind(type) {
  return { outOfOffice: "Out of office", focusTime: "Focus time", workingLocation: "Working location", birthday: "Birthday" }[type] ?? type;
}

function guest(attendee) {
  const [sign, words] = ANSWERED[attendee.responseStatus] ?? ANSWERED.needsAction;
  return el("li", {},
    el("span", { class: `answer ${attendee.responseStatus}`, "aria-hidden": "true" }, sign),
    el("span", {},
      attendee.displayName ? `${attendee.displayName} · ${attendee.email}` : attendee.email,
      el("span", { class: "muted" }, `, ${words}${attendee.optional ? ", optional" : ""}`),
      attendee.comment ? el("q", {}, attendee.comment) : null));
}

function ownAnswer(event) {
  return event.attendees?.find((attendee) => attendee.email?.toLowerCase() === owner)?.responseStatus;
}

/** Yes, maybe, no and a comment, where the calendar is the person's own and the person is invited. */
function answerForm(event) {
  const mine = ownAnswer(event);
  if (mine === undefined || owner !== person) return null;
  const before = event.attendees.find((attendee) => attendee.email.toLowerCase() === owner).comment ?? "";
  const comment = el("input", { type: "text", value: before, placeholder: "Comment (optional)", "aria-label": "Comment" });
  const buttons = Object.entries(ANSWERS).map(([answer, label]) => el("button", {
    type: "button", "aria-pressed": String(answer === mine), onclick: () => respond(event, answer, comment.value.trim()),
  }, label));
  const failure = el("p", { class: "status", id: "answer-status", role: "status" }, told);
  return el("div", { class: "answering" }, el("h3", {}, "Going?"),
    el("div", { class: "row" }, el("div", { class: "group", role: "group", "aria-label": "Your answer" }, buttons), comment), failure);
}

async function respond(event, responseStatus, comment) {
  const attendees = event.attendees.map((attendee) =>
    (attendee.email.toLowerCase() === owner ? { ...attendee, responseStatus, comment } : attendee));
  try {
    const changed = await api(person, `${calendar}/events/${encodeURIComponent(event.id)}`, {
      method: "PATCH", params: { sendUpdates: "all" }, body: { attendees },
    });
    told = "The organiser has been told.";
    fillDialog(changed);
  } catch (error) {
    say(byId("answer-status"), sentence(error), "error");
  }
  refresh();
}

/** A description that was written as HTML, as text. Nothing of it is ever put into the page as markup. */
function plain(description) {
  if (!/<\/?[a-z][^>]*>/i.test(description)) return description;
  const broken = description.replace(/<(br|\/p|\/div|\/li|\/h\d)\b[^>]*>/gi, "$&\n").replace(/<li\b[^>]*>/gi, "$&• ");
  return new DOMParser().parseFromString(broken, "text/html").body.textContent.replace(/\n{3,}/g, "\n\n").trim();
}
