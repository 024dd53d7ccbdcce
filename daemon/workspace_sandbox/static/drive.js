// The page `/`: drives, folders and files that the chosen person sees.

import { content, pages, poll, sentence } from "/static/api.js";
import { el, icon, say, when, whenInFull } from "/static/dom.js";
import { chosenPerson, keepPerson, mountHeader } from "/static/header.js";

const FOLDER = "application/vnd.google-apps.folder";
const SPREADSHEET = "application/vnd.google-apps.spreadsheet";
const ROLES = {
  owner: "owner", organizer: "manager", fileOrganizer: "content manager", writer: "can edit", commenter: "can comment",
  reader: "can view",
};
const SHARED = { supportsAllDrives: true, includeItemsFromAllDrives: true };

const person = chosenPerson();
const drivesElement = document.getElementById("drives");
const filter = document.getElementById("filter");
const status = document.getElementById("status");
const closed = new Set();
let shown = "";
let tree = [];

mountHeader({ here: "Files", label: "Acting as", person, open: (address) => keepPerson("/", address) });
filter.addEventListener("input", render);
poll(refresh, 2000, (error) => say(status, sentence(error), "error"));

async function refresh() {
  const drives = await pages(person, "/drive/v3/drives", { pageSize: 100 }, (answer) => answer.drives);
  const places = await Promise.all(drives.map(async (drive) => ({
    id: drive.id, name: drive.name, files: await files({ corpora: "drive", driveId: drive.id, ...SHARED }),
  })));
  const inDrives = new Set(places.flatMap((place) => place.files.map((file) => file.id)));
  const others = (await files({ corpora: "user", ...SHARED })).filter((file) => !inDrives.has(file.id));
  if (others.length || !places.length) places.push({ id: "", name: "My files and shared with me", files: others });
  say(status, "What this person sees. Changes appear by themselves; to be somebody else, type their address above.");
  const now = JSON.stringify(places);
  if (now === shown) return;
  shown = now;
  tree = places;
  render();
}

function files(where) {
  const fields = "nextPageToken,files(id,name,mimeType,modifiedTime,parents)";
  return pages(person, "/drive/v3/files", { q: "trashed = false", pageSize: 1000, fields, ...where },
    (answer) => answer.files);
}

function render() {
  const wanted = filter.value.trim().toLowerCase();
  drivesElement.replaceChildren(...tree.map((place) => drive(place, wanted)));
}

function drive(place, wanted) {
  const ids = new Set(place.files.map((file) => file.id));
  const children = group(place.files, (file) => parent(file, ids));
  const list = entries(children, "", wanted);
  const empty = wanted ? `Nothing here is called “${filter.value.trim()}”.` : "No files yet.";
  return el("section", { class: "card" },
    el("h2", {}, icon("drive"), place.name),
    list ?? el("p", { class: "empty" }, empty));
}

/** The parent's id, or "" for what hangs directly in the drive (or whose folder this person does not see). */
function parent(file, ids) {
  return file.parents?.find((id) => ids.has(id)) ?? "";
}

function group(items, key) {
  const groups = new Map();
  for (const item of items) {
    if (!groups.has(key(item))) groups.set(key(item), []);
    groups.get(key(item)).push(item);
  }
  return groups;
}

function entries(children, id, wanted) {
  const items = [...(children.get(id) ?? [])].sort(byName).map((file) => entry(file, children, wanted)).filter(Boolean);
  return items.length ? el("ul", { class: "files" }, items) : null;
}

function byName(one, other) {
  return (other.mimeType === FOLDER) - (one.mimeType === FOLDER) || one.name.localeCompare(other.name);
}

function entry(file, children, wanted) {
  const matches = file.name.toLowerCase().includes(wanted);
  if (file.mimeType !== FOLDER) return matches ? el("li", {}, row(file)) : null;
  const inside = entries(children, file.id, matches ? "" : wanted);
  if (!matches && !inside) return null;
  const details = el("details", { open: !closed.has(file.id) },
    el("summary", {}, icon("folder"), el("span", { class: "name" }, file.name)),
    inside ?? el("p", { class: "empty" }, "This folder is empty."));
  details.addEventListener("toggle", () => (details.open ? closed.delete(file.id) : closed.add(file.id)));
  return el("li", {}, details);
}

function row(file) {
  const name = el("span", { class: "name" }, file.name);
  const time = el("time", { dateTime: file.modifiedTime, title: whenInFull(file.modifiedTime) }, when(file.modifiedTime));
  const link = file.mimeType === SPREADSHEET
    ? el("a", { class: "file", href: keepPerson(`/sheets/${file.id}`, person) }, icon("sheet"), name, time)
    : el("button", { type: "button", class: "file", onclick: () => download(file) }, icon("file"), name, time);
  const sharing = el("button", {
    type: "button", class: "quiet", title: "Who can see it", "aria-label": `Who can see ${file.name}`,
    onclick: () => showSharing(file),
  }, icon("person"));
  return el("div", { class: "row" }, link, sharing);
}

function whom(permission) {
  if (permission.type === "anyone") return "Anyone with the link";
  return permission.type === "domain" ? `Everybody at ${permission.domain}` : permission.emailAddress;
}

async function download(file) {
  try {
    const blob = await content(person, `/drive/v3/files/${file.id}`, { alt: "media", supportsAllDrives: true });
    const address = URL.createObjectURL(blob);
    el("a", { href: address, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  } catch (error) {
    say(status, sentence(error), "error");
  }
}

async function showSharing(file) {
  try {
    const fields = "nextPageToken,permissions(id,type,role,emailAddress,domain)";
    const found = await pages(person, `/drive/v3/files/${file.id}/permissions`,
      { supportsAllDrives: true, pageSize: 100, fields }, (answer) => answer.permissions);
    const dialog = el("dialog", { "aria-label": `Who can see ${file.name}`, onclose: () => dialog.remove() },
      el("h2", {}, file.name),
      el("ul", { class: "sharing" }, found.map((one) =>
        el("li", {}, el("span", {}, whom(one)), el("span", { class: "muted" }, ROLES[one.role] ?? one.role)))),
      el("form", { method: "dialog" }, el("button", {}, "Close")));
    document.body.append(dialog);
    dialog.showModal();
  } catch (error) {
    say(status, sentence(error), "error");
  }
}

document.title = `Files of ${person} · Workspace sandbox`;
