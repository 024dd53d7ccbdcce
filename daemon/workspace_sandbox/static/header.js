// The bar on top of every page: where one can go, and as whom.

import { el } from "/static/dom.js";

export const DEFAULT_PERSON = "deployments@soffid.example";

/** The person in the path (`/mail/ADDRESS`), in `?as=`, or the default one. */
export function chosenPerson() {
  return addressInPath() ?? askedFor() ?? DEFAULT_PERSON;
}

/** `?as=ADDRESS`, or null. */
export function askedFor() {
  return new URLSearchParams(location.search).get("as")?.trim().toLowerCase() || null;
}

/** The address that ends the path, or null. */
export function addressInPath() {
  const last = decodeURIComponent(location.pathname.split("/")[2] ?? "");
  return last.includes("@") ? last.toLowerCase() : null;
}

/** `path` for the same person: `?as=` is carried along unless the person is the default one. */
export function keepPerson(path, person) {
  return person === DEFAULT_PERSON ? path : `${path}?as=${encodeURIComponent(person)}`;
}

/** Addresses to offer: those the sandbox knows, and those visited in this browser. */
export async function knownPeople() {
  let people = [];
  try {
    const answer = await fetch("/sandbox/people", { headers: { "X-Sandbox-Page": "1" } });
    if (answer.ok) {
      const body = await answer.json();
      people = Array.isArray(body) ? body : (body.people ?? []);
    }
  } catch {
    // Offering fewer addresses is all that is lost; the page itself says when the sandbox is gone.
  }
  return [...new Set([DEFAULT_PERSON, ...people, ...visited()])];
}

function visited() {
  try {
    return JSON.parse(localStorage.getItem("visited") ?? "[]");
  } catch {
    return [];
  }
}

function remember(person) {
  try {
    localStorage.setItem("visited", JSON.stringify([...new Set([person, ...visited()])].slice(0, 20)));
  } catch {
    // Without storage the address is simply not offered again.
  }
}

/** `here` is the place shown (Files, Calendar, Mail); `open(address)` gives the page to go to for another person. */
export function mountHeader({ here, label, person, open }) {
  const places = { Files: keepPerson("/", person), Calendar: keepPath("/calendar", person), Mail: "/mail" };
  const links = Object.entries(places).map(([name, href]) =>
    el("a", { href, "aria-current": name === here ? "page" : null }, name),
  );
  const offers = el("datalist", { id: "people" });
  const field = el("input", {
    type: "email", id: "person", value: person, autocomplete: "off", spellcheck: false, required: true,
    onfocus: () => field.select(), onchange: () => go(),
  });
  field.setAttribute("list", "people");
  const go = () => {
    const address = field.value.trim().toLowerCase();
    if (!field.reportValidity() || address === person) return;
    remember(address);
    location.assign(open(address));
  };
  document.getElementById("top").append(
    el("a", { class: "brand", href: places.Files }, el("span", {}, "Workspace "), "sandbox"),
    el("nav", { "aria-label": "Places" }, links),
    el("form", { class: "person", onsubmit: (event) => { event.preventDefault(); go(); } },
      el("label", { for: "person" }, label), field, offers),
  );
  field.addEventListener("focus", async () => {
    offers.replaceChildren(...(await knownPeople()).map((address) => el("option", { value: address })));
  }, { once: true });
}

function keepPath(path, person) {
  return person === DEFAULT_PERSON ? path : `${path}/${encodeURIComponent(person)}`;
}
